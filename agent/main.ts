#!/usr/bin/env node
import { fail, processTerminal } from '#core/host/cli.ts';
import { runCommand } from './run-command.ts';

const argv = process.argv.slice(2);
const terminal = processTerminal(argv);

// No await at the top level: a program bundled as CommonJS, which starts faster, cannot have one.
runCommand(argv, terminal).then(
  (exit) => {
    process.exitCode = exit;
  },
  (thrown: unknown) => {
    process.exitCode = fail(terminal, 'license-agent', thrown);
  },
);
