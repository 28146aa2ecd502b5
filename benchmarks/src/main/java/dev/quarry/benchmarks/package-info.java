/** Measurements: microbenchmarks by JMH, and commands. */
@NullMarked
package dev.quarry.benchmarks;

import org.jspecify.annotations.NullMarked;
