#!/usr/bin/env node
import { processTerminal } from '#core/host/cli.ts';
import { personAtTerminal } from '#core/host/person-at-terminal.ts';
import { runServerProgram } from './program.ts';

const args = process.argv.slice(2);
const attended = process.stdin.isTTY && process.stderr.isTTY;

// Keys, secrets, the store: what is made here is for its owner alone, unless it says otherwise.
process.umask(0o077);

// No await at the top level: a program bundled as CommonJS cannot have one.
runServerProgram(args, {
  terminal: processTerminal(args),
  env: process.env,
  person: attended ? personAtTerminal(process.stdin, process.stderr) : undefined,
}).then((exit) => {
  process.exitCode = exit;
});
