import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { declaredPorts, LAST_PORT, PROTOCOLS } from '../../../../src/domain/weakening/port-ranges.ts';

/** Few and small, so that ranges overlap, touch and nest often. */
const anyPort = fc.record({
  protocol: fc.constantFrom(...PROTOCOLS),
  port: fc.integer({ min: 1, max: 20 }),
  endPort: fc.integer({ min: 1, max: 24 }),
});
const NUMBERS = Array.from({ length: 26 }, (_, number) => number);

describe('R17 the ports that a rule names', () => {
  test('are the same ports in ascending ranges that do not touch', () => {
    fc.assert(
      fc.property(fc.array(anyPort, { minLength: 1, maxLength: 8 }), (ports) => {
        const ranges = declaredPorts(ports);
        for (const protocol of PROTOCOLS) {
          const own = ranges.filter((range) => range.protocol === protocol);
          const isDeclared = (number: number): boolean =>
            ports.some((port) => port.protocol === protocol && port.port <= number && number <= port.endPort);
          expect(NUMBERS.filter((number) => own.some(({ first, last }) => first <= number && number <= last))).toEqual(
            NUMBERS.filter(isDeclared),
          );
          for (const [index, { first }] of own.slice(1).entries()) {
            expect(first).toBeGreaterThan((own[index]?.last ?? first) + 1);
          }
        }
      }),
    );
  });

  test.each([[undefined], [null], [[]]])('%j: every port of every protocol', (ports) => {
    expect(declaredPorts(ports)).toEqual(PROTOCOLS.map((protocol) => ({ protocol, first: 1, last: LAST_PORT })));
  });

  test('what cannot be read names none, whatever stands beside it', () => {
    const unreadable = [
      7,
      'x',
      [],
      { port: 'http' },
      { port: 0 },
      { port: 9, endPort: 8 },
      { endPort: 9 },
      { protocol: 'ICMP' },
    ];
    expect(declaredPorts(unreadable)).toEqual([]);
    expect(declaredPorts([...unreadable, { port: 8 }, { port: 7 }])).toEqual([{ protocol: 'TCP', first: 7, last: 8 }]);
  });
});
