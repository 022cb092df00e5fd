/**
 * The longest that a test waits for something that must happen, in milliseconds. It is far longer than a busy machine
 * needs: it ends a test that would wait for ever, and says nothing about how quick anything is.
 */
export const EVENTUALLY_MS = 90_000;
