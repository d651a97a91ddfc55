using Crypto.TradeIngest.Commands;

return await CommandLine.RunAsync(
    args,
    DemoCommand.Create(),
    RunCommand.Create(),
    SymbolsCommand.Create(),
    SimulateCommand.Create(),
    ReplayCommand.Create(),
    BackfillCommand.Create(),
    VerifyCommand.Create(),
    QueryCommand.Create(),
    StatusCommand.Create(),
    HealthCommand.Create(),
    DlqCommand.Create(),
    DimensionCommand.Create(),
    MigrateCommand.Create(),
    ConfigCommand.Create(),
    CheckCommand.Create(),
    BenchCommand.Create());
