/**
 * Formats on disk, the slab that is the image of a segment file, and the seam to the file system.
 */
@NullMarked
package dev.quarry.segment;

import org.jspecify.annotations.NullMarked;
