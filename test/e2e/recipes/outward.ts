import { FROM_STRANGERS, NAMES, TO_STRANGERS, type Claim, type Recipe } from './claims.ts';

/** The namespace itself is open to whoever comes. */
const OPEN_INWARD: readonly Claim[] = [...FROM_STRANGERS, 'prometheus -> tcp@server:9090'];

/** Recipes that isolate what goes out and leave alone what comes in. */
export const OUTWARD: readonly Recipe[] = [
  {
    title: 'deny all egress lets everybody in and nothing out, names included',
    file: 'deny-all-egress',
    allowed: OPEN_INWARD,
    refused: [...TO_STRANGERS, ...NAMES, 'client -> tcp@server:8080', 'client -> udp@server:8080'],
  },
  {
    title: 'egress to one database lets the right pods reach one address on one port by TCP',
    file: 'egress-to-database',
    allowed: [...OPEN_INWARD, ...NAMES, 'api -> tcp@cloudDatabase:5432', 'api -> dns-udp@resolver:53'],
    refused: ['api -> tcp@cloudDatabase:443', 'api -> tcp@internet:5432', 'api -> tcp@database:5432', 'client -> tcp@cloudDatabase:5432', ...TO_STRANGERS],
  },
  {
    title: 'egress to the internet reaches public addresses on 443 and no private one: not pods, the node, the office or the credentials of a cloud',
    file: 'egress-to-internet',
    allowed: [...OPEN_INWARD, ...NAMES, 'client -> tcp@internet:443', 'client -> tcp@cloudDatabase:443'],
    refused: ['client -> tcp@internet:8080', 'client -> tcp@stranger:443', 'client -> tcp@server:443', 'client -> connect@kubernetes:443', 'client -> connect@node:6443', 'client -> tcp@office:443', 'client -> tcp@carrier:443', 'client -> tcp@metadata:443'],
  },
  {
    title: 'the API server is reached by its Service and by its own address, and nothing else of the node is',
    file: 'kube-api-server',
    allowed: [...OPEN_INWARD, ...NAMES, 'client -> connect@kubernetes:443', 'client -> connect@node:6443'],
    refused: ['client -> connect@node:10250', 'client -> tcp@stranger:8080', 'client -> udp@stranger:8080', 'client -> tcp@stranger:443', 'client -> tcp@internet:443', 'client -> tcp@server:8080'],
  },
];
