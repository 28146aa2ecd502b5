/** Measures how a store keeps within its space, and opens again. */
@NullMarked
package dev.quarry.benchmarks.space;

import org.jspecify.annotations.NullMarked;
