/** What ordered keys cost. */
@NullMarked
package dev.quarry.benchmarks.order;

import org.jspecify.annotations.NullMarked;
