import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { agentFootprint } from './agent-footprint.ts';
import { events } from './events.ts';
import { fleet } from './fleet.ts';
import { gateway } from './gateway.ts';
import type { BenchOptions, Result } from './measure.ts';
import { preauthorization } from './preauthorization.ts';
import { serverActivation } from './server-activation.ts';

const BENCHES: Record<string, (options: BenchOptions) => Promise<Result[]>> = {
  server: serverActivation,
  agent: agentFootprint,
  events,
  gateway,
  fleet,
  preauthorization,
};

const { values } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    only: { type: 'string' },
    charts: { type: 'string' },
  },
});
const options: BenchOptions = {
  quick: values.quick ?? false,
  charts: values.charts,
  progress: (text) => process.stderr.write(`… ${text}\n`),
};

const results: Result[] = [];
for (const [prefix, bench] of Object.entries(BENCHES)) {
  if (values.only !== undefined && !values.only.startsWith(prefix)) continue;
  results.push(...(await bench(options)).filter(({ name }) => !values.only || name.startsWith(values.only)));
}
const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
};

if (values.json) console.log(JSON.stringify({ machine, results }));
else {
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`);
  console.table(
    Object.fromEntries(
      results.map(({ name, value, unit, limit, limitIs, ratio, goal }) => [
        name,
        {
          value: `${value} ${unit}`,
          limit: `${limit} ${unit}`,
          ratio,
          goal: 'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`,
          'limit is': limitIs,
        },
      ]),
    ),
  );
}
