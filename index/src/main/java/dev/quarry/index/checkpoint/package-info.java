/**
 * The index on disk: what it held at some moment, so that opening a store need not read the footers
 * of all its segments.
 *
 * <p>{@link dev.quarry.index.checkpoint.CheckpointFormat} lays it out, {@link
 * dev.quarry.index.checkpoint.CheckpointWriter} writes it, {@link
 * dev.quarry.index.checkpoint.Checkpoint} reads it.
 */
@NullMarked
package dev.quarry.index.checkpoint;

import org.jspecify.annotations.NullMarked;
