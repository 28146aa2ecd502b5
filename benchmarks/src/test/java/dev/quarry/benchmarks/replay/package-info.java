@NullMarked
package dev.quarry.benchmarks.replay;

import org.jspecify.annotations.NullMarked;
