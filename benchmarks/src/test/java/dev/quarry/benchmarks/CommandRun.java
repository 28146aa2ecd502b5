package dev.quarry.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * What a command did.
 *
 * @param exitCode of the process, if it were one
 */
public record CommandRun(int exitCode, String out, String err) {

  /** Runs a command in this process. */
  public static CommandRun of(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Benchmarks.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new CommandRun(exitCode, out.toString(), err.toString());
  }

  /** What it printed, which is to be JSON. */
  public JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out);
  }
}
