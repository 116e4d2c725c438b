package plan

// reserved are the exported names of the runtime that every generated package
// holds: no model takes one of them for its method or its types. The list is
// part of the generated API: it only grows, and a test compares it with the
// runtime's source.
var reserved = []string{
	// The client and its calls.
	"Client", "New", "DecodeInput", "Submit", "SubmitRaw", "SubmitOnce", "Job", "JobOf", "CheckMedia", "Download", "Models",
	"Batch", "BatchDeadline", "BatchInFlight", "BatchMaxFailures", "BatchName", "BatchOnDetach", "BatchWait", "Close", "CloseIdleConnections", "Upload", "Balance", "Run", "RunRaw", "Validate", "Wait",
	// Options.
	"Option", "CallOption", "WaitOption", "DownloadOption", "BatchOption", "WithBaseURL", "WithHTTPClient",
	"WithUserAgent", "WithLogger", "WithoutValidation", "WithMediaCheck", "WithJournal", "WithReadRate",
	"WithHeader", "WithObserver", "Event", "EventKind", "EventAttempt", "EventAccepted", "EventState", "EventEnded", "EventDownloaded", "WithInsecureHTTP", "WithPrivateMedia", "OnAccepted", "OnUpdate", "OnCancel", "MaxWait", "OnceKey", "WithCost",
	"OnCancelDetach", "OnCancelIfQueued", "OnCancelPolicy", "SharedOption", "DefaultBaseURL", "Limits", "WithLimits",
	"DownloadLimits", "WithDownloadHosts", "WithWriter", "WithDownloadLimits", "MediaLimits", "WithMediaLimits", "WithStrictMedia",
	// Inputs and their rules.
	"Input", "Int", "Float", "Bool", "String", "Ptr", "Violation", "MediaRule", "MediaInfo", "MediaKind",
	"MediaKindOther", "MediaKindImage", "MediaKindVideo", "MediaKindAudio", "RuleVerdict", "RuleVerdictPass",
	"RuleVerdictFail", "RuleVerdictUnknown", "EvaluateMedia", "FileURI", "DataURI", "MediaCheck", "MediaCheckOff",
	"MediaCheckLocal", "MediaCheckRemote", "OutputKind", "OutputKindOther", "OutputKindImage",
	"OutputKindVideo", "OutputKindAudio",
	// Answers.
	"Result", "Output", "Status", "State", "StateQueued", "StateRunning", "StateDone", "StateFailed", "StateCanceled",
	"StateUnknown", "NamedURL", "CancelOutcome", "CancelOutcomeNone", "CancelOutcomeCanceled",
	"CancelOutcomeNotCancellable", "CancelOutcomeAlreadyDone", "CancelOutcomeUnknown", "File", "ModelFilter",
	"ModelInfo", "Outcome", "Cost",
	// Errors.
	"Error", "ErrKeyConflict", "ErrMaxWait", "ErrNotFinished", "FailedDownload", "JournalError", "NotFinishedError", "SubmitPhase",
	"SubmitPhaseConnect", "SubmitPhaseSend", "SubmitPhaseJournal", "SubmitPhaseWait", "SubmitPhaseAnswer", "ValidationError", "ConfigError", "AuthError", "InsufficientBalanceError", "NotFoundError",
	"RateLimitError", "APIError", "NotSentError", "AmbiguousSubmitError", "ErrAmbiguousSubmit", "WaitError",
	"GenerationError", "CanceledError", "DownloadError", "MediaError", "Charged", "ChargedNo", "ChargedYes",
	"ChargedMaybe",
	// The journal.
	"Journal", "JournalRecord", "JournalState", "JournalStateSending", "JournalStateAccepted", "JournalStateRejected",
	"JournalStateAmbiguous", "JournalLister", "SettleAccepted", "SettleNotAccepted", "NewMemoryJournal", "OpenJournal", "FileJournal", "MemoryJournal",
	// Methods that fmt and log/slog call, and those that go vet wants one
	// signature of wherever they stand (its analyzer stdmethods).
	"GoString", "LogValue", "Format", "GobDecode", "GobEncode", "MarshalJSON", "MarshalXML", "PeekByte", "ReadByte",
	"ReadFrom", "ReadRune", "Scan", "Seek", "UnmarshalJSON", "UnmarshalXML", "UnreadByte", "UnreadRune", "WriteByte",
	"WriteTo",
}
