import type { Arrival, Fact, Story } from './analytics.facts.model.ts';
import { type StoryState, toldBy } from './analytics.stories.model.ts';

/** What one event told of one thing, every field of it: what was not told is there and empty. */
export type Told = Omit<StoryState, 'known_at'> & { readonly known: boolean };

/** An event on its way from one store to the other. Both stores give the same one, whatever form they keep it in. */
export interface CarriedFact extends Arrival, Pick<Fact, 'metric' | 'currency' | 'amount'> {
  /** In the order in which the event told it. */
  readonly told: readonly Told[];
}

/** An event that is kept as it was told. */
export function carried({ stories, ...event }: Fact): CarriedFact {
  return { ...event, told: stories.map((story) => toldOf(toldBy(event, story))) };
}

/** What is kept as the state that a thing would have if nothing else had been told of it. */
export const toldOf = ({ known_at, ...state }: StoryState): Told => ({ ...state, known: known_at !== null });

/** The event again: it counts for what it counted for. */
export function factOf({ told, ...event }: CarriedFact): Fact {
  return { ...event, stories: told.map(storyOf) };
}

function storyOf({ kind, item_id, ...fields }: Told): Story {
  const told = Object.entries(fields).filter(([, value]) => (Array.isArray(value) ? value.length > 0 : value));
  return { kind, item_id, ...(Object.fromEntries(told) as Partial<typeof fields>) };
}
