#!/usr/bin/env node
import { processTerminal } from '#core/host/cli.ts';
import { runServerProgram } from './program.ts';

const args = process.argv.slice(2);

// Keys, secrets, the store: what is made here is for its owner alone, unless it says otherwise.
process.umask(0o077);

// No await at the top level: a program bundled as CommonJS cannot have one.
runServerProgram(args, processTerminal(args)).then((exit) => {
  process.exitCode = exit;
});
