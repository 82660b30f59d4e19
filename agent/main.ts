#!/usr/bin/env node
import { fail, processTerminal } from '#core/host/cli.ts';
import { runCommand } from './run-command.ts';

const argv = process.argv.slice(2);
const terminal = processTerminal(argv);
try {
  process.exitCode = await runCommand(argv, terminal);
} catch (thrown) {
  process.exitCode = fail(terminal, 'license-agent', thrown);
}
