@NullMarked
package dev.quarry.benchmarks.read;

import org.jspecify.annotations.NullMarked;
