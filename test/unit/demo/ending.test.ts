import { expect, test } from 'vitest';
import { tellKept, tellMeasurements, tellNext } from '../../demo/ending.ts';
import { screenOn } from '../../demo/screen.ts';

function told(tell: (screen: ReturnType<typeof screenOn>) => void): readonly string[] {
  const pieces: string[] = [];
  tell(screenOn({ write: (text) => pieces.push(text) }, {}));
  return pieces.join('').split('\n');
}

const KEPT = told((screen) => {
  tellKept(screen, {
    choice: 'newest',
    version: 'v1.36.3',
    server: 'https://127.0.0.1:6443',
    kubeconfigPath: '/tmp/nsbaseline-abcdef/envtest-ghijkl/kubeconfig',
    kubectlPath: '/home/somebody/.cache/nsbaseline/controlplane/v1.36.3/kubectl',
    directory: '/tmp/nsbaseline-abcdef',
    etcdServer: 'http://127.0.0.1:2379',
    auditLogPath: '/tmp/nsbaseline-abcdef/audit.log',
    processId: 4711,
  });
});

test('what is kept is told with its kubeconfig, its kubectl and the one command that ends it', () => {
  const text = KEPT.join('\n');
  expect(text).toContain('export KUBECONFIG=/tmp/nsbaseline-abcdef/envtest-ghijkl/kubeconfig\n');
  expect(text).toContain('alias kubectl=/home/somebody/.cache/nsbaseline/controlplane/v1.36.3/kubectl\n');
  expect(text).toMatch(/ kill 4711\n$/);
});

test('the endings fit into 100 columns', () => {
  const others = told((screen) => {
    tellMeasurements(screen, [{ what: 'x'.repeat(62), durationMs: 12 }]);
    tellNext(screen);
  });
  for (const line of [...KEPT, ...others]) {
    expect(line.length).toBeLessThanOrEqual(100);
  }
});
