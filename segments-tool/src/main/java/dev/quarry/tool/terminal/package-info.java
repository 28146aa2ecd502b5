/** How the command line reads and prints: streams, tables, units, keys as text. */
@NullMarked
package dev.quarry.tool.terminal;

import org.jspecify.annotations.NullMarked;
