using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Backfill;

/// <summary>
/// Requests for a running service, as files of the data folder: <c>ID.json</c> from whoever asks, beside it <c>ID.progress</c> from the
/// service. A request is there until it is done; taking its file away takes it back. Files appear whole.
/// </summary>
internal sealed class BackfillFolder(string path)
{
    private const string Request = ".json";
    private const string Progress = ".progress";
    private const string Unreadable = ".unreadable";
    private const int MaxRequestBytes = 4 << 20;

    private static readonly TimeSpan ProgressKept = TimeSpan.FromDays(1);

    private static readonly JsonSerializerOptions Format = new(MachineJson.Document)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public string Path { get; } = path;

    /// <summary>For downloads of this process.</summary>
    public string Downloads => In($"downloads-{Environment.ProcessId}");

    /// <summary>Ids of the requests, in the order they were made.</summary>
    public IReadOnlyList<string> Pending() => !Directory.Exists(Path) ? [] :
    [
        .. Directory.EnumerateFiles(Path, "*" + Request)
            .Select(file => System.IO.Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal),
    ];

    public bool Has(string id) => File.Exists(In(id + Request));

    /// <returns>The request's id.</returns>
    public string Submit(BackfillRequest request, TimeProvider clock)
    {
        Directory.CreateDirectory(Path);
        var id = string.Create(CultureInfo.InvariantCulture, $"{clock.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}-{Environment.ProcessId}");
        Write(id + Request, request, isDurable: true);
        return id;
    }

    /// <returns>False with what is wrong when the file holds no request.</returns>
    public bool TryRead(string id, [NotNullWhen(true)] out BackfillRequest? request, out string fault)
    {
        (request, fault) = (null, "");
        try
        {
            var file = new FileInfo(In(id + Request));
            if (file.Length > MaxRequestBytes) fault = $"it has {file.Length} bytes";
            else request = JsonSerializer.Deserialize<BackfillRequest>(File.ReadAllBytes(file.FullName), Format);
            if (request is null && fault.Length == 0) fault = "it is null";
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or IOException or UnauthorizedAccessException)
        {
            fault = failure.Message;
        }

        return request is not null;
    }

    /// <summary>Leaves a file that holds no request where it is, under another name.</summary>
    public void SetAside(string id) => File.Move(In(id + Request), In(id + Request + Unreadable), overwrite: true);

    /// <returns>False when it was gone.</returns>
    public bool Remove(string id)
    {
        var wasThere = Has(id);
        File.Delete(In(id + Request));
        return wasThere;
    }

    public void Write(string id, BackfillReport report) => Write(id + Progress, report, isDurable: false);

    /// <returns>Null while there is none, or none that can be read.</returns>
    public BackfillReport? Read(string id)
    {
        try
        {
            return JsonSerializer.Deserialize<BackfillReport>(File.ReadAllBytes(In(id + Progress)), Format);
        }
        catch (Exception failure) when (failure is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void RemoveProgress(string id) => File.Delete(In(id + Progress));

    /// <summary>Removes what commands and services that were killed left behind.</summary>
    public void Sweep(TimeProvider clock)
    {
        if (!Directory.Exists(Path)) return;
        var old = clock.GetUtcNow().UtcDateTime - ProgressKept;
        foreach (var left in new DirectoryInfo(Path).EnumerateFileSystemInfos())
        {
            if (left.LastWriteTimeUtc >= old) continue;
            if (left is DirectoryInfo downloads && left.Name.StartsWith("downloads-", StringComparison.Ordinal)) downloads.Delete(true);
            else if (left.Extension is Progress or ".new" && !Has(System.IO.Path.GetFileNameWithoutExtension(left.Name))) left.Delete();
        }
    }

    private void Write<T>(string name, T value, bool isDurable)
    {
        var draft = In(name + ".new");
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
        {
            JsonSerializer.Serialize(file, value, Format);
            file.Flush(isDurable);
        }

        File.Move(draft, In(name), overwrite: true);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
