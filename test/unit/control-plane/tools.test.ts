import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GO_VERSION } from '../../support/control-plane/go-command.ts';
import { TOOLS, type ToolName } from '../../support/tools/tools.ts';

test.each(Object.keys(TOOLS) as ToolName[])(
  'the go.mod of %s builds the version that is said to be built, with the Go that people are told to install',
  (name) => {
    const goMod = readFileSync(join(import.meta.dirname, '../../support/tools', name, 'go.mod'), 'utf8');
    expect(goMod.split('\n').map((line) => line.trim().split(' ').slice(0, 2).join(' '))).toContain(
      `${TOOLS[name].module} v${TOOLS[name].version}`,
    );
    expect(/^go (\d+\.\d+)/m.exec(goMod)?.[1]).toBe(GO_VERSION);
  },
);
