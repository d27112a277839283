#!/usr/bin/env node
import module from 'node:module';

// Where Node.js can (22 and later), compiled code is kept from one run to the next: half of a small capture's time.
module.enableCompileCache?.();
const { main } = await import('../dist/program/main.js');

process.exitCode = await main(process.argv.slice(2));
