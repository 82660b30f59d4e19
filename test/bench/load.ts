import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Path with query of request number n; `{n}` stands for a text that is new with every request. */
  readonly path: string;
  readonly authorization: string;
  readonly folder: string;
}

let runs = 0;

/**
 * POSTs from a second process (wrk, one thread) and gives the answers per second; any answer but 2xx is a fault.
 */
export async function postsPerSecond({
  url,
  connections,
  seconds,
  path,
  authorization,
  folder,
}: Load): Promise<number> {
  runs += 1;
  const script = join(folder, `load-${runs}.lua`);
  const [before = '', after = ''] = path.split('{n}');
  writeFileSync(
    script,
    `local n = 0
local headers = { ["Authorization"] = "${authorization}" }
function request()
  n = n + 1
  return wrk.format("POST", "${before}${runs}-" .. n .. "${after}", headers)
end
`,
  );
  const { stdout } = await promisify(execFile)('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '-s',
    script,
    url,
  ]);
  if (/Non-2xx/.test(stdout)) throw new Error(`the server refused calls under load:\n${stdout}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
}
