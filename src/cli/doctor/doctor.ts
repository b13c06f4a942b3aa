import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';

/** `tradepost doctor`: finds faults of the installation, and says what to do about them. */
export function addDoctorCommand(program: Command, { configurationWithoutWarnings, output }: CommandContext): void {
  const doctor = program
    .command('doctor')
    .description('check the program, the machine, the settings and the servers, and say how to correct each fault')
    .action(async () => (await import('./doctor.actions.ts')).doctorCommand(configurationWithoutWarnings, output));
  addCommandHelp(doctor, {
    examples: ['tradepost doctor', 'tradepost doctor --quiet', 'tradepost doctor --json'],
    exits: { 0: 'nothing is wrong; there may be warnings', 1: 'something is wrong' },
    more: 'It changes nothing, and works while the system runs and while it is stopped. --quiet prints only faults and warnings.',
  });
}
