/** The program as its modules, for profiles by file: what `zkscope` runs is one file for each command. */
import process from 'node:process';
import { main } from '../../dist/cli/main.js';

process.exitCode = await main(process.argv.slice(2));
