/** `<time> <stream> <P|F> <text>`; the tag may have further parts after a colon. */
const CRI_LINE = /^\d{4}-\d\d-\d\dT\S{1,40} (stdout|stderr) ([PF])(?::\S{0,64})? /;

/**
 * Takes the prefix of the CRI log format off a line, as container logs on a node have it
 * (https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md). Kubelet's runtime
 * cuts long lines into partial ones (`P`) and a last one (`F`); they are joined here up to `maxLineLength` characters.
 * Returns undefined while parts are still to come. A line without the prefix is returned as it is.
 */
export function criLogJoiner(maxLineLength: number): (line: string) => string | undefined {
  const partial = new Map<string, string>();
  return (line) => {
    const match = startsWithDigit(line) ? CRI_LINE.exec(line) : null;
    if (match === null) {
      return line;
    }
    const [prefix, stream = '', tag] = match;
    const text = (partial.get(stream) ?? '') + line.slice(prefix.length);
    if (tag === 'P' && text.length <= maxLineLength) {
      partial.set(stream, text);
      return undefined;
    }
    partial.delete(stream);
    return text;
  };
}

function startsWithDigit(line: string): boolean {
  const code = line.charCodeAt(0);
  return code >= 48 && code <= 57;
}
