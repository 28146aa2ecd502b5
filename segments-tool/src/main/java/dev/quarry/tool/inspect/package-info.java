/**
 * The commands that look into the files of a store without opening it. They need only the formats,
 * so they work on a store that the engine refuses, or that is open elsewhere; they change nothing.
 */
@NullMarked
package dev.quarry.tool.inspect;

import org.jspecify.annotations.NullMarked;
