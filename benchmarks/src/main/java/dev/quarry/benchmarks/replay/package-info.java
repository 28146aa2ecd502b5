/** Replays traces of requests to caches, and counts what misses. */
@NullMarked
package dev.quarry.benchmarks.replay;

import org.jspecify.annotations.NullMarked;
