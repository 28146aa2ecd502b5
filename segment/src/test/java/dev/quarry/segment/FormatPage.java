package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A page of {@code docs/formats}: its tables of fields, and its worked examples. */
public final class FormatPage {

  private static final Pattern HEX_BLOCK = Pattern.compile("```hex\n(.*?)```", Pattern.DOTALL);
  private static final Pattern HEADING =
      Pattern.compile("### (.+) \\((\\d+) bytes(?:, from offset (\\d+) on)?\\)");
  private static final Pattern ROW = Pattern.compile("\\| (\\d+) \\| (\\d+) \\| (.*)");
  private static final String START = "00000000 ";

  private final String text;

  private FormatPage(String text) {
    this.text = text;
  }

  /** Finds a page above the working directory. */
  public static FormatPage load(String name) throws IOException {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path page = at.resolve("docs").resolve("formats").resolve(name);
      if (Files.exists(page)) {
        return new FormatPage(Files.readString(page));
      }
    }
    throw new IllegalStateException("no docs/formats/" + name + " above the working directory");
  }

  /** The bytes of each example, which is as many blocks of hex as follow the one at offset 0. */
  public List<byte[]> examples() {
    List<StringBuilder> dumps = new ArrayList<>();
    for (MatchResult block : HEX_BLOCK.matcher(text).results().toList()) {
      if (block.group(1).startsWith(START)) {
        dumps.add(new StringBuilder());
      }
      dumps.get(dumps.size() - 1).append(block.group(1));
    }
    return dumps.stream().map(dump -> HexDump.parse(dump.toString())).toList();
  }

  /** The tables below headings that say how many bytes they are about, by the heading's words. */
  public Map<String, Table> tables() {
    Map<String, Table> tables = new TreeMap<>();
    Table table = null;
    for (String line : text.split("\n", -1)) {
      Matcher heading = HEADING.matcher(line);
      Matcher row = ROW.matcher(line);
      if (heading.matches()) {
        table = new Table(heading);
        tables.put(table.name, table);
      } else if (line.startsWith("#")) {
        table = null;
      } else if (table != null && row.matches()) {
        table.rows.add(row.toMatchResult());
      }
    }
    return tables;
  }

  /** A table of fields. */
  public static final class Table {

    private final String name;
    private final int length;
    private final int start;
    private final List<MatchResult> rows = new ArrayList<>();

    private Table(Matcher heading) {
      name = heading.group(1);
      length = Integer.parseInt(heading.group(2));
      start = heading.group(3) == null ? 0 : Integer.parseInt(heading.group(3));
    }

    /** How many bytes the heading says that the fields have. */
    public int length() {
      return length;
    }

    /** The offset of the field whose description begins with some words. */
    public int offset(String field) {
      return rows.stream()
          .filter(row -> row.group(3).startsWith(field))
          .mapToInt(row -> Integer.parseInt(row.group(1)))
          .findFirst()
          .orElseThrow(() -> new AssertionError(name + " has no field " + field));
    }

    /** Fails if there is a gap between two fields, or they have another length together. */
    public void check() {
      int next = start;
      for (MatchResult row : rows) {
        assertEquals(next, Integer.parseInt(row.group(1)), name + ": " + row.group());
        next += Integer.parseInt(row.group(2));
      }
      assertEquals(length, next - start, name);
    }
  }
}
