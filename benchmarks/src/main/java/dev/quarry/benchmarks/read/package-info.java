/** What it takes to read values: cold ones, and those of a cache at work. */
@NullMarked
package dev.quarry.benchmarks.read;

import org.jspecify.annotations.NullMarked;
