import { FROM_STRANGERS, NAMES, type Recipe, TO_STRANGERS } from './claims.ts';

/** Recipes that isolate what comes in and leave alone what goes out. */
export const INWARD: readonly Recipe[] = [
  {
    title: 'deny all ingress lets nobody in, not even neighbours and Prometheus, and everything out',
    file: 'deny-all-ingress',
    allowed: [...TO_STRANGERS, ...NAMES],
    refused: [
      ...FROM_STRANGERS,
      'client -> tcp@server:8080',
      'client -> udp@server:8080',
      'prometheus -> tcp@server:9090',
      'outside -> tcp@webhook:9443',
    ],
  },
  {
    title:
      'port ranges lets in on the first and the last port and on neither beside them, to the right pods, by TCP only',
    file: 'port-ranges',
    allowed: ['client -> tcp@ftp:32000', 'client -> tcp@ftp:32767', 'client -> tcp@stranger:8080', ...NAMES],
    refused: [
      'client -> tcp@ftp:31999',
      'client -> tcp@ftp:32768',
      'client -> udp@ftp:32000',
      'client -> tcp@server:32000',
      'stranger -> tcp@ftp:32000',
      ...FROM_STRANGERS,
    ],
  },
  {
    title:
      'admission webhooks lets the API server reach the webhook from wherever it is, on that port only, and nothing else of the namespace',
    file: 'admission-webhooks',
    allowed: [
      'outside -> tcp@webhook:9443',
      'stranger -> tcp@webhook:9443',
      'prometheus -> tcp@webhook:9090',
      ...TO_STRANGERS,
      ...NAMES,
    ],
    refused: [
      'outside -> tcp@webhook:8080',
      'stranger -> tcp@webhook:8080',
      'stranger -> udp@webhook:9443',
      'outside -> tcp@server:9443',
      ...FROM_STRANGERS,
    ],
  },
];
