import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.ElementDefinition;
import org.hl7.fhir.r4.model.Enumerations.PublicationStatus;
import org.hl7.fhir.r4.model.StructureDefinition;

/**
 * Keeps the HL7 instance validator running and judges what it is handed, line by line.
 *
 * <p>Arguments are folders of definitions (StructureDefinition, ValueSet, CodeSystem; JSON or
 * XML). The first line of standard input is an object of the codes that count as known,
 * {@code {system: {code: display}}}; a system that no definition holds becomes a fragment with
 * just those. Each further line is a resource. For the first line and for each resource one line
 * is printed: {@code {"ready": true, "unread": [file]}}, then
 * {@code {"issues": [{"severity", "id", "location", "message"}]}} without what is mere
 * information. It ends with its input.
 */
public final class BundleJudge {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final FhirContext R4 = FhirContext.forR4();
  private static final TypeReference<Map<String, Map<String, String>>> SYSTEMS = new TypeReference<>() {};

  private final PrePopulatedValidationSupport known = new PrePopulatedValidationSupport(R4);
  private final Set<String> unread = new TreeSet<>();

  private BundleJudge() {}

  public static void main(String[] folders) throws IOException {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    // Libraries that greet on standard output must not speak between the answers.
    System.setOut(System.err);
    BundleJudge judge = new BundleJudge();
    for (String folder : folders) judge.learn(Path.of(folder));
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    judge.learnCodes(JSON.readTree(lines.readLine()));
    FhirValidator validator = judge.validator();
    ObjectNode ready = JSON.createObjectNode().put("ready", true);
    judge.unread.forEach(ready.putArray("unread")::add);
    answers.println(ready);
    for (String line = lines.readLine(); line != null; line = lines.readLine()) answers.println(verdict(validator, line));
  }

  private void learn(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        if (file.toString().contains("examples")) continue;
        if (file.toString().endsWith(".xml")) learn(file, true);
        else if (file.toString().endsWith(".json")) learn(file, false);
      }
    }
  }

  private void learn(Path file, boolean xml) throws IOException {
    try {
      IBaseResource resource = (xml ? R4.newXmlParser() : R4.newJsonParser()).parseResource(Files.readString(file));
      if (resource instanceof StructureDefinition profile) withoutLaterReleases(profile);
      known.addResource(resource);
    } catch (RuntimeException fault) {
      unread.add(file.getFileName() + ": " + fault.getMessage());
    }
  }

  /**
   * UK Core pre-adopts a few elements of R5 and R6 as extensions. R4 has no definition of those,
   * and a slice on an unknown extension would leave the whole profile without a snapshot.
   */
  private static void withoutLaterReleases(StructureDefinition profile) {
    Set<String> later = profile.getDifferential().getElement().stream()
        .filter(element -> element.getType().stream().flatMap(type -> type.getProfile().stream())
            .anyMatch(address -> address.getValue().matches("http://hl7\\.org/fhir/[56]\\.\\d+/.*")))
        .map(ElementDefinition::getId).collect(Collectors.toSet());
    profile.getDifferential().getElement().removeIf(element ->
        later.stream().anyMatch(id -> element.getId().equals(id) || element.getId().startsWith(id + ".")));
  }

  private void learnCodes(JsonNode systems) {
    for (var system : new TreeMap<>(JSON.convertValue(systems, SYSTEMS)).entrySet()) {
      if (system.getKey().startsWith("http://hl7.org/fhir/") || system.getKey().startsWith("http://terminology.hl7.org/")
          || known.fetchCodeSystem(system.getKey()) != null) continue;
      CodeSystem fragment = new CodeSystem();
      fragment.setUrl(system.getKey()).setStatus(PublicationStatus.ACTIVE).setContent(CodeSystem.CodeSystemContentMode.FRAGMENT);
      system.getValue().forEach((code, display) -> {
        var concept = fragment.addConcept().setCode(code);
        if (!display.isEmpty()) concept.setDisplay(display);
      });
      known.addResource(fragment);
    }
  }

  /** The validator over all that is known; a profile that gives no snapshot counts as unread. */
  private FhirValidator validator() {
    UnknownCodeSystemWarningValidationSupport elsewhere = new UnknownCodeSystemWarningValidationSupport(R4);
    elsewhere.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    SnapshotGeneratingValidationSupport snapshots = new SnapshotGeneratingValidationSupport(R4);
    ValidationSupportChain chain = new ValidationSupportChain(
        new DefaultProfileValidationSupport(R4), known, snapshots,
        new CommonCodeSystemsTerminologyService(R4), new InMemoryTerminologyServerValidationSupport(R4), elsewhere);
    for (IBaseResource profile : known.fetchAllStructureDefinitions()) {
      StructureDefinition definition = (StructureDefinition) profile;
      try {
        snapshots.generateSnapshot(new ValidationSupportContext(chain), definition.copy(), definition.getUrl(), null, definition.getName());
      } catch (RuntimeException fault) {
        unread.add(definition.getUrl() + ": " + fault.getMessage());
      }
    }
    FhirInstanceValidator rules = new FhirInstanceValidator(chain);
    // An extension or a profile that nobody defines is a fault here, not a freedom.
    rules.setAnyExtensionsAllowed(false);
    rules.setErrorForUnknownProfiles(true);
    rules.setAssumeValidRestReferences(false);
    return R4.newValidator().registerValidatorModule(rules);
  }

  private static ObjectNode verdict(FhirValidator validator, String resource) {
    ObjectNode verdict = JSON.createObjectNode();
    ArrayNode issues = verdict.putArray("issues");
    try {
      for (SingleValidationMessage message : validator.validateWithResult(resource).getMessages()) {
        ResultSeverityEnum severity = message.getSeverity();
        if (severity == ResultSeverityEnum.INFORMATION) continue;
        issues.addObject().put("severity", severity == ResultSeverityEnum.WARNING ? "warning" : "error")
            .put("id", message.getMessageId()).put("location", message.getLocationString()).put("message", message.getMessage());
      }
    } catch (RuntimeException fault) {
      issues.addObject().put("severity", "error").put("id", "JUDGE_FAILED").put("location", "").put("message", String.valueOf(fault));
    }
    return verdict;
  }
}
