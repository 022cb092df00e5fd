/** `make demo`: the story of the operator on a control plane of its own, with measured times. KEEP=1 leaves it running. */

import { breath, type DemoCluster, leftovers, orAborted, startDemoCluster } from './demo-cluster.ts';
import { tellKept, tellMeasurements, tellNext } from './ending.ts';
import { sceneOn } from './measured-deed.ts';
import { screenOn } from './screen.ts';
import { STORY } from './story.ts';

const EXIT_INTERRUPTED = 130;
const LOG_LINES = 15;

const screen = screenOn(process.stdout, process.env);
const isKept = !['', '0', undefined].includes(process.env.KEEP);
const interruption = new AbortController();
const started = leftovers();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever insists does not wait; what runs ends by itself when we are gone.
    if (interruption.signal.aborted) {
      process.exit(EXIT_INTERRUPTED);
    }
    interruption.abort(new Error('Interrupted.'));
  });
}
// Whoever reads us has enough, as `head` does after ten lines.
process.stdout.on('error', () => {
  interruption.abort(new Error('Nobody reads this any more.'));
});

process.exitCode = await demo();

async function demo(): Promise<number> {
  screen.title('nsbaseline: label a namespace and it is protected');
  screen.note('A real API server on 127.0.0.1 and the real operator with its own limited account.');
  screen.line();
  let stage: DemoCluster | undefined;
  try {
    stage = await startDemoCluster({ screen, started, signal: interruption.signal });
    await tellStory(stage);
  } catch (error) {
    await tellFailure(error, stage);
    await screen.during('stopping everything', started.end());
    if (interruption.signal.aborted) {
      screen.line('Everything is stopped and cleaned up.');
    }
    return interruption.signal.aborted ? EXIT_INTERRUPTED : 1;
  }
  if (isKept) {
    await stage.admin.close();
    await stage.operator.keep();
    await stage.controlPlane.keep();
    tellKept(screen, stage.controlPlane.address);
  } else {
    await screen.during('stopping everything', started.end());
    tellNext(screen);
  }
  return 0;
}

async function tellStory(stage: DemoCluster): Promise<void> {
  const scene = sceneOn(stage, screen);
  const ended = stage.operator.exited.then((code): never => {
    throw new Error(`The operator ended with exit code ${code}.`);
  });
  const play = async (): Promise<void> => {
    for (const [index, step] of STORY.entries()) {
      await breath(screen, interruption.signal);
      screen.step(index + 1, step.title);
      await step.play(scene).catch((error: unknown) => {
        throw new Error(`Step ${index + 1} failed. ${messageOf(error)}`, { cause: error });
      });
    }
  };
  await orAborted(Promise.race([play(), ended]), interruption.signal);
  tellMeasurements(screen, scene.measurements);
}

async function tellFailure(error: unknown, stage: DemoCluster | undefined): Promise<void> {
  screen.line();
  screen.problem(messageOf(interruption.signal.aborted ? interruption.signal.reason : error));
  if (stage === undefined || interruption.signal.aborted) {
    return;
  }
  screen.line();
  screen.title("The last lines of the operator's log");
  for (const line of await stage.operator.lastLines(LOG_LINES)) {
    screen.note(line);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
