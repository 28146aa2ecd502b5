/** The commands that open a store, and so need the engine. */
@NullMarked
package dev.quarry.tool.store;

import org.jspecify.annotations.NullMarked;
