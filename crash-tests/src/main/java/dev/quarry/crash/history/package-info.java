/**
 * Histories of a store on a disk that fails and loses power: what is done, what must then hold, and
 * the search for one that breaks it.
 */
@NullMarked
package dev.quarry.crash.history;

import org.jspecify.annotations.NullMarked;
