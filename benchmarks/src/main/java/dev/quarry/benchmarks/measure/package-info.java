/** What measurements of stores have in common: directories, processes, figures about them. */
@NullMarked
package dev.quarry.benchmarks.measure;

import org.jspecify.annotations.NullMarked;
