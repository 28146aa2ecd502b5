/** The command line: its entry, and what becomes of failures. */
@NullMarked
package dev.quarry.tool;

import org.jspecify.annotations.NullMarked;
