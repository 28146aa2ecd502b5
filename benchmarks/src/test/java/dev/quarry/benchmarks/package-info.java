@NullMarked
package dev.quarry.benchmarks;

import org.jspecify.annotations.NullMarked;
