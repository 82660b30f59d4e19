#!/usr/bin/env node
import { systemClock } from '#core/clock.ts';
import { processTerminal } from '#core/host/cli.ts';
import { personAtTerminal } from '#core/host/person-at-terminal.ts';
import { runVendor } from './program.ts';

const args = process.argv.slice(2);
const attended = process.stdin.isTTY && process.stderr.isTTY;

// No await at the top level: a program bundled as CommonJS cannot have one.
runVendor(args, {
  terminal: processTerminal(args),
  env: process.env,
  clock: systemClock,
  person: attended ? personAtTerminal(process.stdin, process.stderr) : undefined,
}).then((exit) => {
  process.exitCode = exit;
});
