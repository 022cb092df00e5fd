import type { Claim, Recipe } from './claims.ts';

const NAMES: readonly Claim[] = ['caller -> dns-udp@resolver:53', 'caller -> dns-tcp@resolver:53'];
const EVERYBODY_IN: readonly Claim[] = [
  'stranger -> tcp@callee:8080',
  'stranger -> udp@callee:8080',
  'outside -> tcp@callee:8080',
  'prometheus -> tcp@callee:9090',
];
const TO_STRANGERS: readonly Claim[] = [
  'caller -> tcp@stranger:8080',
  'caller -> udp@stranger:8080',
  'caller -> tcp@internet:443',
  'caller -> connect@kubernetes:443',
];

/** Recipes that isolate what goes out and leave alone what comes in. */
export const OUTWARD: readonly Recipe[] = [
  {
    title: 'deny all egress lets everybody in and nothing out, names included',
    file: 'deny-all-egress',
    allowed: EVERYBODY_IN,
    refused: [...TO_STRANGERS, ...NAMES, 'caller -> tcp@callee:8080', 'caller -> udp@callee:8080'],
  },
  {
    title: 'egress to one database lets the right pods reach one address on one port by TCP',
    file: 'egress-to-database',
    allowed: [...EVERYBODY_IN, ...NAMES, 'backend -> tcp@cloudDatabase:5432', 'backend -> dns-udp@resolver:53'],
    refused: [
      'backend -> tcp@cloudDatabase:443',
      'backend -> tcp@internet:5432',
      'backend -> tcp@callee:5432',
      'caller -> tcp@cloudDatabase:5432',
      ...TO_STRANGERS,
    ],
  },
  {
    title:
      'egress to the internet reaches public addresses on 443 and no private one: not pods, the node, the office or the credentials of a cloud',
    file: 'egress-to-internet',
    allowed: [...EVERYBODY_IN, ...NAMES, 'caller -> tcp@internet:443', 'caller -> tcp@cloudDatabase:443'],
    refused: [
      'caller -> tcp@internet:8080',
      'caller -> tcp@stranger:443',
      'caller -> tcp@callee:443',
      'caller -> connect@kubernetes:443',
      'caller -> connect@node:6443',
      'caller -> tcp@office:443',
      'caller -> tcp@carrier:443',
      'caller -> tcp@metadata:443',
    ],
  },
  {
    title: 'the API server is reached by its Service and by its own address, and nothing else of the node is',
    file: 'kube-api-server',
    allowed: [...EVERYBODY_IN, ...NAMES, 'caller -> connect@kubernetes:443', 'caller -> connect@node:6443'],
    refused: [
      'caller -> connect@node:10250',
      'caller -> tcp@stranger:8080',
      'caller -> udp@stranger:8080',
      'caller -> tcp@stranger:443',
      'caller -> tcp@internet:443',
      'caller -> tcp@callee:8080',
    ],
  },
];
