import { type EntityState, stateFrom } from './analytics.entities.model.ts';
import type { EntityFacts, EventHeader, Fact } from './analytics.facts.model.ts';

/** What one event told of one thing, every field of it: what was not told is there and empty. */
export type Contribution = Omit<EntityState, 'known_at'> & { readonly known: boolean };

/** An event on its way from one store to the other. Both stores give the same one, whatever form they keep it in. */
export interface CarriedFact extends EventHeader, Pick<Fact, 'metric' | 'currency' | 'amount'> {
  /** In the order in which the event told it. */
  readonly told: readonly Contribution[];
}

/** An event that is kept as it was told. */
export function carried({ stories, ...event }: Fact): CarriedFact {
  return { ...event, told: stories.map((story) => contributionOf(stateFrom(event, story))) };
}

/** What is kept as the state that a thing would have if nothing else had been told of it. */
export const contributionOf = ({ known_at, ...state }: EntityState): Contribution => ({
  ...state,
  known: known_at !== null,
});

/** The event again: it counts for what it counted for. */
export function factOf({ told, ...event }: CarriedFact): Fact {
  return { ...event, stories: told.map(storyOf) };
}

function storyOf({ kind, item_id, ...fields }: Contribution): EntityFacts {
  const told = Object.entries(fields).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
  return { kind, item_id, ...(Object.fromEntries(told) as Partial<typeof fields>) };
}
