package dev.quarry.tool.store;

import dev.quarry.tool.terminal.KeyText;
import java.nio.file.Path;

/**
 * A file that is to become a value.
 *
 * @param path the file
 * @param key of the value
 * @param size bytes of the file when it was found
 */
public record SourceFile(Path path, KeyText key, long size) {}
