/** The demo: what the store is for, shown and proven on real files in one command. */
@NullMarked
package dev.quarry.tool.demo;

import org.jspecify.annotations.NullMarked;
