import { FROM_STRANGERS, NAMES, TO_STRANGERS, type Recipe } from './claims.ts';

/** Recipes that isolate both what comes in and what goes out, and what they make exceptions for. */
export const BOTH_WAYS: readonly Recipe[] = [
  {
    title: 'deny everything lets nothing in and nothing out, names included',
    file: 'deny-all',
    allowed: [],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, ...NAMES, 'client -> tcp@server:8080', 'prometheus -> tcp@server:9090'],
  },
  {
    title: 'DNS to the cluster resolves names by UDP and by TCP, and lets no other resolver be asked',
    file: 'allow-dns',
    allowed: NAMES,
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'client -> udp@internet:53', 'client -> tcp@internet:53', 'client -> tcp@server:8080', 'prometheus -> tcp@server:9090'],
  },
  {
    title: 'DNS to anywhere lets any resolver be asked by UDP and by TCP, on that port only',
    file: 'allow-dns-anywhere',
    allowed: [...NAMES, 'client -> udp@internet:53', 'client -> tcp@internet:53'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'client -> tcp@server:8080', 'prometheus -> tcp@server:9090'],
  },
  {
    title: 'monitoring lets in the right pod of the right namespace, on port 9090 only, by TCP only',
    file: 'allow-monitoring',
    allowed: [...NAMES, 'prometheus -> tcp@server:9090', 'prometheus -> tcp@web:9090'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'prometheus -> tcp@server:8080', 'prometheus -> udp@server:9090', 'visitor -> tcp@server:9090', 'impostor -> tcp@server:9090', 'helper -> tcp@server:9090'],
  },
  {
    title: 'same namespace lets its pods talk to each other by TCP and by UDP, and to nobody else',
    file: 'same-namespace',
    allowed: [...NAMES, 'client -> tcp@server:8080', 'client -> udp@server:8080', 'web -> tcp@database:5432'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'prometheus -> tcp@server:9090'],
  },
  {
    title: 'the ingress controller gets in on the port that pods listen on, and no other pod of its namespace does',
    file: 'allow-ingress-controller',
    allowed: [...NAMES, 'controller -> tcp@server:8080', 'prometheus -> tcp@server:9090'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'controller -> tcp@server:443', 'controller -> udp@server:8080', 'bystander -> tcp@server:8080', 'client -> tcp@server:8080'],
  },
  {
    title: 'three tiers lets web reach app and app the database, and nothing past or backwards',
    file: 'three-tiers',
    allowed: [...NAMES, 'web -> tcp@app:8080', 'app -> tcp@database:5432', 'web -> dns-udp@resolver:53'],
    refused: ['web -> tcp@database:5432', 'web -> tcp@app:5432', 'web -> udp@app:8080', 'app -> tcp@web:8080', 'app -> tcp@database:8080', 'app -> udp@database:5432', 'database -> tcp@app:8080', 'database -> tcp@web:8080', 'client -> tcp@app:8080', 'stranger -> tcp@app:8080', 'app -> tcp@stranger:5432'],
  },
  {
    title: 'two policies: with the standard one alone the scanner stays out',
    file: 'two-policies',
    labels: { baseline: 'two-standard' },
    policies: ['two-standard'],
    allowed: [...NAMES, 'prometheus -> tcp@server:9090'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'scanner -> tcp@server:443'],
  },
  {
    title: 'two policies: with pci besides, what either allows is allowed, and no more',
    file: 'two-policies',
    labels: { baseline: 'two-pci' },
    policies: ['two-pci', 'two-standard'],
    allowed: [...NAMES, 'prometheus -> tcp@server:9090', 'scanner -> tcp@server:443'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'scanner -> tcp@server:8080', 'stranger -> tcp@server:443'],
  },
  {
    title: 'by stage: production lets the ingress controller in, and keeps neighbours and the internet out',
    file: 'by-stage',
    labels: { baseline: 'by-stage', stage: 'production' },
    policies: ['stage-production'],
    allowed: [...NAMES, 'controller -> tcp@server:8080', 'prometheus -> tcp@server:9090'],
    refused: [...FROM_STRANGERS, ...TO_STRANGERS, 'client -> tcp@server:8080'],
  },
  {
    title: 'by stage: staging also talks within itself and to the internet, and to no private address',
    file: 'by-stage',
    labels: { baseline: 'by-stage', stage: 'staging' },
    policies: ['stage-staging'],
    allowed: [...NAMES, 'controller -> tcp@server:8080', 'prometheus -> tcp@server:9090', 'client -> tcp@server:8080', 'client -> udp@server:8080', 'client -> tcp@internet:443', 'client -> tcp@internet:8080'],
    refused: [...FROM_STRANGERS, 'client -> tcp@stranger:8080', 'client -> connect@kubernetes:443', 'client -> tcp@office:443', 'client -> tcp@metadata:443'],
  },
];
