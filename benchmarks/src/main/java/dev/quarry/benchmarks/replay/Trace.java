package dev.quarry.benchmarks.replay;

import com.github.luben.zstd.ZstdInputStream;
import dev.quarry.benchmarks.measure.Reason;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads a trace: a line per request, which is a key, a space and a size in bytes. A key is any
 * bytes but the end of a line. A file that begins as Zstandard frames do (RFC 8878) is unpacked.
 */
final class Trace {

  private static final byte[] ZSTANDARD = {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD};

  private final Path path;
  private long line;

  Trace(Path path) {
    this.path = path;
  }

  /**
   * Sends all requests to a cache.
   *
   * @throws TraceException if the trace cannot be read to its end
   */
  Replay replay(Cache cache) throws TraceException {
    return replay(cache, 0, Long.MAX_VALUE);
  }

  /**
   * Sends a part of the requests to a cache.
   *
   * @param from the number of the first, from 0
   * @param to the number of the first not to be sent; may be beyond the end
   * @throws TraceException if the trace cannot be read so far
   */
  Replay replay(Cache cache, long from, long to) throws TraceException {
    try (InputStream file = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      return replay(unpack(file), cache, from, to);
    } catch (IOException e) {
      throw new TraceException(path, e);
    }
  }

  /** One character for each byte, so that keys come out as the bytes they are. */
  private static BufferedReader unpack(InputStream file) throws IOException {
    file.mark(ZSTANDARD.length);
    boolean packed = Arrays.equals(file.readNBytes(ZSTANDARD.length), ZSTANDARD);
    file.reset();
    InputStream bytes = packed ? new ZstdInputStream(file) : file;
    return new BufferedReader(new InputStreamReader(bytes, StandardCharsets.ISO_8859_1));
  }

  private Replay replay(BufferedReader lines, Cache cache, long from, long to)
      throws TraceException {
    line = 0;
    long misses = 0;
    try {
      for (String text = lines.readLine(); text != null && line < to; text = lines.readLine()) {
        line++;
        misses += line <= from || request(text, cache) ? 0 : 1;
      }
    } catch (IOException e) {
      throw new TraceException(path, line + 1, Reason.of(e));
    }
    return new Replay(Math.max(0, line - from), misses);
  }

  private boolean request(String text, Cache cache) throws TraceException {
    int space = text.lastIndexOf(' ');
    if (space < 1) {
      throw new TraceException(path, line, "not a key, a space and a size");
    }
    byte[] key = text.substring(0, space).getBytes(StandardCharsets.ISO_8859_1);
    return cache.request(key, size(text, space + 1));
  }

  private long size(String text, int from) throws TraceException {
    try {
      long size = Long.parseLong(text, from, text.length(), 10);
      if (size >= 0) {
        return size;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new TraceException(path, line, "the size is not a number from 0");
  }
}
