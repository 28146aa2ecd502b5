@NullMarked
package dev.quarry.benchmarks.space;

import org.jspecify.annotations.NullMarked;
