/**
 * The ordered key index: the user keys of a store's segments in byte order, held by RocksDB. It is
 * never the truth and may be deleted at any time.
 */
@NullMarked
package dev.quarry.index.keys;

import org.jspecify.annotations.NullMarked;
