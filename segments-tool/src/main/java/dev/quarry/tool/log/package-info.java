/** What the store logs, shown as the command line shows its own failures. */
@NullMarked
package dev.quarry.tool.log;

import org.jspecify.annotations.NullMarked;
