import { describe, expect, test } from 'vitest';
import { faultScene } from './fault-scene.ts';
import { everywhere, watchesOf } from './fault-proxy.ts';

const scene = faultScene();
/** A silent watch is given up within this, in milliseconds. */
const SILENCE_LIMIT_MS = 70_000;

describe('F1 connections that die without a word', () => {
  test.each([
    ['the watches, towards us', watchesOf(), 'toClient' as const],
    ['all, towards us', everywhere, 'toClient' as const],
    ['all, both ways', everywhere, 'both' as const],
  ])('F1 %s: they are given up, and what happened meanwhile is made good', async (_which, where, direction) => {
    await scene.settled();
    const lift = scene.proxy.set({ kind: 'lose', direction }, where);
    scene.disturb();
    const before = scene.attempts();
    await scene.pass(2 * SILENCE_LIMIT_MS);
    expect(scene.attempts() - before).toBeLessThan(200);
    lift();
    await scene.recovered();
  });
});
