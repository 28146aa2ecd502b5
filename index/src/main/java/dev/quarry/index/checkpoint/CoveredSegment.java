package dev.quarry.index.checkpoint;

/**
 * A segment whose records a checkpoint has taken into account.
 *
 * @param id of the segment, from 1
 * @param fingerprint of its trailer, {@link dev.quarry.segment.Trailer#fingerprint}
 */
public record CoveredSegment(int id, long fingerprint) {}
