#!/usr/bin/env node
import { systemClock } from '#core/clock.ts';
import { processTerminal } from '#core/host/cli.ts';
import { personAtTerminal } from './person-at-terminal.ts';
import { runVendor } from './program.ts';

const args = process.argv.slice(2);
const attended = process.stdin.isTTY && process.stderr.isTTY;

process.exitCode = await runVendor(args, {
  terminal: processTerminal(args),
  env: process.env,
  clock: systemClock,
  person: attended ? personAtTerminal(process.stdin, process.stderr) : undefined,
});
