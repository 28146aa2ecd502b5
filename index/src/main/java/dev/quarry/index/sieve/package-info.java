/**
 * Which record a cache evicts: SIEVE over a log, with a grace zone and a ghost.
 *
 * <p>{@link dev.quarry.index.sieve.Sieve} moves a hand over an {@link
 * dev.quarry.index.sieve.EvictionQueue}, which the store and a replay of a trace implement; {@link
 * dev.quarry.index.sieve.GraceZone} says how far the hand may go; {@link
 * dev.quarry.index.sieve.Ghost} remembers what was evicted.
 */
@NullMarked
package dev.quarry.index.sieve;

import org.jspecify.annotations.NullMarked;
