// Generated from Proto/inference/model_config.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension Inference {
  /// `DataType` of the protocol.
  public struct DataType: ProtobufEnum {
    /// The number on the wire; unknown ones are kept.
    public var rawValue: Int32
    /// The value with that number.
    public init(rawValue: Int32) { self.rawValue = rawValue }
    /// `TYPE_INVALID`.
    public static let invalid = DataType(rawValue: 0)
    /// `TYPE_BOOL`.
    public static let bool = DataType(rawValue: 1)
    /// `TYPE_UINT8`.
    public static let uint8 = DataType(rawValue: 2)
    /// `TYPE_UINT16`.
    public static let uint16 = DataType(rawValue: 3)
    /// `TYPE_UINT32`.
    public static let uint32 = DataType(rawValue: 4)
    /// `TYPE_UINT64`.
    public static let uint64 = DataType(rawValue: 5)
    /// `TYPE_INT8`.
    public static let int8 = DataType(rawValue: 6)
    /// `TYPE_INT16`.
    public static let int16 = DataType(rawValue: 7)
    /// `TYPE_INT32`.
    public static let int32 = DataType(rawValue: 8)
    /// `TYPE_INT64`.
    public static let int64 = DataType(rawValue: 9)
    /// `TYPE_FP16`.
    public static let fp16 = DataType(rawValue: 10)
    /// `TYPE_FP32`.
    public static let fp32 = DataType(rawValue: 11)
    /// `TYPE_FP64`.
    public static let fp64 = DataType(rawValue: 12)
    /// `TYPE_STRING`.
    public static let string = DataType(rawValue: 13)
    /// `TYPE_BF16`.
    public static let bf16 = DataType(rawValue: 14)
  }
  /// `ModelRateLimiter` of the protocol.
  public struct ModelRateLimiter: ProtobufValue {
    /// `Resource` of the protocol.
    public struct Resource: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `global`.
      public var global: Bool = false
      /// `count`.
      public var count: UInt32 = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `resources`.
    public var resources: [Inference.ModelRateLimiter.Resource] = []
    /// `priority`.
    public var priority: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelInstanceGroup` of the protocol.
  public struct ModelInstanceGroup: ProtobufValue {
    /// `Kind` of the protocol.
    public struct Kind: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `KIND_AUTO`.
      public static let auto = Kind(rawValue: 0)
      /// `KIND_GPU`.
      public static let gpu = Kind(rawValue: 1)
      /// `KIND_CPU`.
      public static let cpu = Kind(rawValue: 2)
      /// `KIND_MODEL`.
      public static let model = Kind(rawValue: 3)
    }
    /// `SecondaryDevice` of the protocol.
    public struct SecondaryDevice: ProtobufValue {
      /// `SecondaryDeviceKind` of the protocol.
      public struct SecondaryDeviceKind: ProtobufEnum {
        /// The number on the wire; unknown ones are kept.
        public var rawValue: Int32
        /// The value with that number.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// `KIND_NVDLA`.
        public static let kindNvdla = SecondaryDeviceKind(rawValue: 0)
      }
      /// `kind`.
      public var kind: Inference.ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind = Inference.ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind(rawValue: 0)
      /// `device_id`.
      public var deviceID: Int64 = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `name`.
    public var name: String = ""
    /// `kind`.
    public var kind: Inference.ModelInstanceGroup.Kind = Inference.ModelInstanceGroup.Kind(rawValue: 0)
    /// `count`.
    public var count: Int32 = 0
    /// `rate_limiter`.
    public var rateLimiter: Inference.ModelRateLimiter?
    /// `gpus`.
    public var gpus: [Int32] = []
    /// `secondary_devices`.
    public var secondaryDevices: [Inference.ModelInstanceGroup.SecondaryDevice] = []
    /// `profile`.
    public var profile: [String] = []
    /// `passive`.
    public var passive: Bool = false
    /// `host_policy`.
    public var hostPolicy: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelTensorReshape` of the protocol.
  public struct ModelTensorReshape: ProtobufValue {
    /// `shape`.
    public var shape: [Int64] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelInput` of the protocol.
  public struct ModelInput: ProtobufValue {
    /// `Format` of the protocol.
    public struct Format: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `FORMAT_NONE`.
      public static let `none` = Format(rawValue: 0)
      /// `FORMAT_NHWC`.
      public static let nhwc = Format(rawValue: 1)
      /// `FORMAT_NCHW`.
      public static let nchw = Format(rawValue: 2)
    }
    /// `name`.
    public var name: String = ""
    /// `data_type`.
    public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
    /// `format`.
    public var format: Inference.ModelInput.Format = Inference.ModelInput.Format(rawValue: 0)
    /// `dims`.
    public var dims: [Int64] = []
    /// `reshape`.
    public var reshape: Inference.ModelTensorReshape?
    /// `is_shape_tensor`.
    public var isShapeTensor: Bool = false
    /// `allow_ragged_batch`.
    public var allowRaggedBatch: Bool = false
    /// `optional`.
    public var optional: Bool = false
    /// `is_non_linear_format_io`.
    public var isNonLinearFormatIo: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelOutput` of the protocol.
  public struct ModelOutput: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `data_type`.
    public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
    /// `dims`.
    public var dims: [Int64] = []
    /// `reshape`.
    public var reshape: Inference.ModelTensorReshape?
    /// `label_filename`.
    public var labelFilename: String = ""
    /// `is_shape_tensor`.
    public var isShapeTensor: Bool = false
    /// `is_non_linear_format_io`.
    public var isNonLinearFormatIo: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `BatchInput` of the protocol.
  public struct BatchInput: ProtobufValue {
    /// `Kind` of the protocol.
    public struct Kind: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `BATCH_ELEMENT_COUNT`.
      public static let elementCount = Kind(rawValue: 0)
      /// `BATCH_ACCUMULATED_ELEMENT_COUNT`.
      public static let accumulatedElementCount = Kind(rawValue: 1)
      /// `BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO`.
      public static let accumulatedElementCountWithZero = Kind(rawValue: 2)
      /// `BATCH_MAX_ELEMENT_COUNT_AS_SHAPE`.
      public static let maxElementCountAsShape = Kind(rawValue: 3)
      /// `BATCH_ITEM_SHAPE`.
      public static let itemShape = Kind(rawValue: 4)
      /// `BATCH_ITEM_SHAPE_FLATTEN`.
      public static let itemShapeFlatten = Kind(rawValue: 5)
    }
    /// `kind`.
    public var kind: Inference.BatchInput.Kind = Inference.BatchInput.Kind(rawValue: 0)
    /// `target_name`.
    public var targetName: [String] = []
    /// `data_type`.
    public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
    /// `source_input`.
    public var sourceInput: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `BatchOutput` of the protocol.
  public struct BatchOutput: ProtobufValue {
    /// `Kind` of the protocol.
    public struct Kind: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `BATCH_SCATTER_WITH_INPUT_SHAPE`.
      public static let batchScatterWithInputShape = Kind(rawValue: 0)
    }
    /// `target_name`.
    public var targetName: [String] = []
    /// `kind`.
    public var kind: Inference.BatchOutput.Kind = Inference.BatchOutput.Kind(rawValue: 0)
    /// `source_input`.
    public var sourceInput: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelVersionPolicy` of the protocol.
  public struct ModelVersionPolicy: ProtobufValue {
    /// `Latest` of the protocol.
    public struct Latest: ProtobufValue {
      /// `num_versions`.
      public var numVersions: UInt32 = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `All` of the protocol.
    public struct All: ProtobufValue {
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `Specific` of the protocol.
    public struct Specific: ProtobufValue {
      /// `versions`.
      public var versions: [Int64] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// One of the alternatives of `policy_choice`.
    public enum PolicyChoice: Sendable, Hashable {
      /// `latest`.
      case latest(Inference.ModelVersionPolicy.Latest)
      /// `all`.
      case all(Inference.ModelVersionPolicy.All)
      /// `specific`.
      case specific(Inference.ModelVersionPolicy.Specific)
    }
    /// The alternative that is set, if any.
    public var policyChoice: PolicyChoice?
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelOptimizationPolicy` of the protocol.
  public struct ModelOptimizationPolicy: ProtobufValue {
    /// `ModelPriority` of the protocol.
    public struct ModelPriority: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `PRIORITY_DEFAULT`.
      public static let `default` = ModelPriority(rawValue: 0)
      /// `PRIORITY_MAX`.
      public static let max = ModelPriority(rawValue: 1)
      /// `PRIORITY_MIN`.
      public static let min = ModelPriority(rawValue: 2)
    }
    /// `Graph` of the protocol.
    public struct Graph: ProtobufValue {
      /// `level`.
      public var level: Int32 = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `Cuda` of the protocol.
    public struct Cuda: ProtobufValue {
      /// `GraphSpec` of the protocol.
      public struct GraphSpec: ProtobufValue {
        /// `Shape` of the protocol.
        public struct Shape: ProtobufValue {
          /// `dim`.
          public var dim: [Int64] = []
          /// A message whose fields have their default values.
          public init() {}
        }
        /// `LowerBound` of the protocol.
        public struct LowerBound: ProtobufValue {
          /// `batch_size`.
          public var batchSize: Int32 = 0
          /// `input`.
          public var input: [String: Inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape] = [:]
          /// A message whose fields have their default values.
          public init() {}
        }
        /// `batch_size`.
        public var batchSize: Int32 = 0
        /// `input`.
        public var input: [String: Inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape] = [:]
        /// `graph_lower_bound`.
        public var graphLowerBound: Inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound?
        /// A message whose fields have their default values.
        public init() {}
      }
      /// `graphs`.
      public var graphs: Bool = false
      /// `busy_wait_events`.
      public var busyWaitEvents: Bool = false
      /// `graph_spec`.
      public var graphSpec: [Inference.ModelOptimizationPolicy.Cuda.GraphSpec] = []
      /// `output_copy_stream`.
      public var outputCopyStream: Bool = false
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `ExecutionAccelerators` of the protocol.
    public struct ExecutionAccelerators: ProtobufValue {
      /// `Accelerator` of the protocol.
      public struct Accelerator: ProtobufValue {
        /// `name`.
        public var name: String = ""
        /// `parameters`.
        public var parameters: [String: String] = [:]
        /// A message whose fields have their default values.
        public init() {}
      }
      /// `gpu_execution_accelerator`.
      public var gpuExecutionAccelerator: [Inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator] = []
      /// `cpu_execution_accelerator`.
      public var cpuExecutionAccelerator: [Inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `PinnedMemoryBuffer` of the protocol.
    public struct PinnedMemoryBuffer: ProtobufValue {
      /// `enable`.
      public var enable: Bool = false
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `graph`.
    public var graph: Inference.ModelOptimizationPolicy.Graph?
    /// `priority`.
    public var priority: Inference.ModelOptimizationPolicy.ModelPriority = Inference.ModelOptimizationPolicy.ModelPriority(rawValue: 0)
    /// `cuda`.
    public var cuda: Inference.ModelOptimizationPolicy.Cuda?
    /// `execution_accelerators`.
    public var executionAccelerators: Inference.ModelOptimizationPolicy.ExecutionAccelerators?
    /// `input_pinned_memory`.
    public var inputPinnedMemory: Inference.ModelOptimizationPolicy.PinnedMemoryBuffer?
    /// `output_pinned_memory`.
    public var outputPinnedMemory: Inference.ModelOptimizationPolicy.PinnedMemoryBuffer?
    /// `gather_kernel_buffer_threshold`.
    public var gatherKernelBufferThreshold: UInt32 = 0
    /// `eager_batching`.
    public var eagerBatching: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelQueuePolicy` of the protocol.
  public struct ModelQueuePolicy: ProtobufValue {
    /// `TimeoutAction` of the protocol.
    public struct TimeoutAction: ProtobufEnum {
      /// The number on the wire; unknown ones are kept.
      public var rawValue: Int32
      /// The value with that number.
      public init(rawValue: Int32) { self.rawValue = rawValue }
      /// `REJECT`.
      public static let reject = TimeoutAction(rawValue: 0)
      /// `DELAY`.
      public static let delay = TimeoutAction(rawValue: 1)
    }
    /// `timeout_action`.
    public var timeoutAction: Inference.ModelQueuePolicy.TimeoutAction = Inference.ModelQueuePolicy.TimeoutAction(rawValue: 0)
    /// `default_timeout_microseconds`.
    public var defaultTimeoutMicroseconds: UInt64 = 0
    /// `allow_timeout_override`.
    public var allowTimeoutOverride: Bool = false
    /// `max_queue_size`.
    public var maxQueueSize: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelDynamicBatching` of the protocol.
  public struct ModelDynamicBatching: ProtobufValue {
    /// `preferred_batch_size`.
    public var preferredBatchSize: [Int32] = []
    /// `max_queue_delay_microseconds`.
    public var maxQueueDelayMicroseconds: UInt64 = 0
    /// `preserve_ordering`.
    public var preserveOrdering: Bool = false
    /// `priority_levels`.
    public var priorityLevels: UInt64 = 0
    /// `default_priority_level`.
    public var defaultPriorityLevel: UInt64 = 0
    /// `default_queue_policy`.
    public var defaultQueuePolicy: Inference.ModelQueuePolicy?
    /// `priority_queue_policy`.
    public var priorityQueuePolicy: [UInt64: Inference.ModelQueuePolicy] = [:]
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelSequenceBatching` of the protocol.
  public struct ModelSequenceBatching: ProtobufValue {
    /// `Control` of the protocol.
    public struct Control: ProtobufValue {
      /// `Kind` of the protocol.
      public struct Kind: ProtobufEnum {
        /// The number on the wire; unknown ones are kept.
        public var rawValue: Int32
        /// The value with that number.
        public init(rawValue: Int32) { self.rawValue = rawValue }
        /// `CONTROL_SEQUENCE_START`.
        public static let start = Kind(rawValue: 0)
        /// `CONTROL_SEQUENCE_READY`.
        public static let ready = Kind(rawValue: 1)
        /// `CONTROL_SEQUENCE_END`.
        public static let end = Kind(rawValue: 2)
        /// `CONTROL_SEQUENCE_CORRID`.
        public static let corrid = Kind(rawValue: 3)
      }
      /// `kind`.
      public var kind: Inference.ModelSequenceBatching.Control.Kind = Inference.ModelSequenceBatching.Control.Kind(rawValue: 0)
      /// `int32_false_true`.
      public var int32FalseTrue: [Int32] = []
      /// `fp32_false_true`.
      public var fp32FalseTrue: [Float] = []
      /// `bool_false_true`.
      public var boolFalseTrue: [Bool] = []
      /// `data_type`.
      public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `ControlInput` of the protocol.
    public struct ControlInput: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `control`.
      public var control: [Inference.ModelSequenceBatching.Control] = []
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `InitialState` of the protocol.
    public struct InitialState: ProtobufValue {
      /// `data_type`.
      public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
      /// `dims`.
      public var dims: [Int64] = []
      /// One of the alternatives of `state_data`.
      public enum StateData: Sendable, Hashable {
        /// `zero_data`.
        case zeroData(Bool)
        /// `data_file`.
        case dataFile(String)
      }
      /// The alternative that is set, if any.
      public var stateData: StateData?
      /// `name`.
      public var name: String = ""
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `State` of the protocol.
    public struct State: ProtobufValue {
      /// `input_name`.
      public var inputName: String = ""
      /// `output_name`.
      public var outputName: String = ""
      /// `data_type`.
      public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
      /// `dims`.
      public var dims: [Int64] = []
      /// `initial_state`.
      public var initialState: [Inference.ModelSequenceBatching.InitialState] = []
      /// `use_same_buffer_for_input_output`.
      public var useSameBufferForInputOutput: Bool = false
      /// `use_growable_memory`.
      public var useGrowableMemory: Bool = false
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `StrategyDirect` of the protocol.
    public struct StrategyDirect: ProtobufValue {
      /// `max_queue_delay_microseconds`.
      public var maxQueueDelayMicroseconds: UInt64 = 0
      /// `minimum_slot_utilization`.
      public var minimumSlotUtilization: Float = 0
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `StrategyOldest` of the protocol.
    public struct StrategyOldest: ProtobufValue {
      /// `max_candidate_sequences`.
      public var maxCandidateSequences: Int32 = 0
      /// `preferred_batch_size`.
      public var preferredBatchSize: [Int32] = []
      /// `max_queue_delay_microseconds`.
      public var maxQueueDelayMicroseconds: UInt64 = 0
      /// `preserve_ordering`.
      public var preserveOrdering: Bool = false
      /// A message whose fields have their default values.
      public init() {}
    }
    /// One of the alternatives of `strategy_choice`.
    public enum StrategyChoice: Sendable, Hashable {
      /// `direct`.
      case direct(Inference.ModelSequenceBatching.StrategyDirect)
      /// `oldest`.
      case oldest(Inference.ModelSequenceBatching.StrategyOldest)
    }
    /// The alternative that is set, if any.
    public var strategyChoice: StrategyChoice?
    /// `max_sequence_idle_microseconds`.
    public var maxSequenceIdleMicroseconds: UInt64 = 0
    /// `control_input`.
    public var controlInput: [Inference.ModelSequenceBatching.ControlInput] = []
    /// `state`.
    public var state: [Inference.ModelSequenceBatching.State] = []
    /// `iterative_sequence`.
    public var iterativeSequence: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelEnsembling` of the protocol.
  public struct ModelEnsembling: ProtobufValue {
    /// `Step` of the protocol.
    public struct Step: ProtobufValue {
      /// `model_name`.
      public var modelName: String = ""
      /// `model_version`.
      public var modelVersion: Int64 = 0
      /// `input_map`.
      public var inputMap: [String: String] = [:]
      /// `output_map`.
      public var outputMap: [String: String] = [:]
      /// `model_namespace`.
      public var modelNamespace: String = ""
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `step`.
    public var step: [Inference.ModelEnsembling.Step] = []
    /// `max_inflight_requests`.
    public var maxInflightRequests: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelParameter` of the protocol.
  public struct ModelParameter: ProtobufValue {
    /// `string_value`.
    public var stringValue: String = ""
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelWarmup` of the protocol.
  public struct ModelWarmup: ProtobufValue {
    /// `Input` of the protocol.
    public struct Input: ProtobufValue {
      /// `data_type`.
      public var dataType: Inference.DataType = Inference.DataType(rawValue: 0)
      /// `dims`.
      public var dims: [Int64] = []
      /// One of the alternatives of `input_data_type`.
      public enum InputDataType: Sendable, Hashable {
        /// `zero_data`.
        case zeroData(Bool)
        /// `random_data`.
        case randomData(Bool)
        /// `input_data_file`.
        case inputDataFile(String)
      }
      /// The alternative that is set, if any.
      public var inputDataType: InputDataType?
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `name`.
    public var name: String = ""
    /// `batch_size`.
    public var batchSize: UInt32 = 0
    /// `inputs`.
    public var inputs: [String: Inference.ModelWarmup.Input] = [:]
    /// `count`.
    public var count: UInt32 = 0
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelOperations` of the protocol.
  public struct ModelOperations: ProtobufValue {
    /// `op_library_filename`.
    public var opLibraryFilename: [String] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelTransactionPolicy` of the protocol.
  public struct ModelTransactionPolicy: ProtobufValue {
    /// `decoupled`.
    public var decoupled: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelRepositoryAgents` of the protocol.
  public struct ModelRepositoryAgents: ProtobufValue {
    /// `Agent` of the protocol.
    public struct Agent: ProtobufValue {
      /// `name`.
      public var name: String = ""
      /// `parameters`.
      public var parameters: [String: String] = [:]
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `agents`.
    public var agents: [Inference.ModelRepositoryAgents.Agent] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelResponseCache` of the protocol.
  public struct ModelResponseCache: ProtobufValue {
    /// `enable`.
    public var enable: Bool = false
    /// A message whose fields have their default values.
    public init() {}
  }
  /// `ModelMetrics` of the protocol.
  public struct ModelMetrics: ProtobufValue {
    /// `MetricControl` of the protocol.
    public struct MetricControl: ProtobufValue {
      /// `MetricIdentifier` of the protocol.
      public struct MetricIdentifier: ProtobufValue {
        /// `family`.
        public var family: String = ""
        /// A message whose fields have their default values.
        public init() {}
      }
      /// `HistogramOptions` of the protocol.
      public struct HistogramOptions: ProtobufValue {
        /// `buckets`.
        public var buckets: [Double] = []
        /// A message whose fields have their default values.
        public init() {}
      }
      /// `metric_identifier`.
      public var metricIdentifier: Inference.ModelMetrics.MetricControl.MetricIdentifier?
      /// One of the alternatives of `metric_options`.
      public enum MetricOptions: Sendable, Hashable {
        /// `histogram_options`.
        case histogramOptions(Inference.ModelMetrics.MetricControl.HistogramOptions)
      }
      /// The alternative that is set, if any.
      public var metricOptions: MetricOptions?
      /// A message whose fields have their default values.
      public init() {}
    }
    /// `metric_control`.
    public var metricControl: [Inference.ModelMetrics.MetricControl] = []
    /// A message whose fields have their default values.
    public init() {}
  }
  /// A model's configuration in the vocabulary of Triton's config.pbtxt.
  public struct ModelConfig: ProtobufValue {
    /// `name`.
    public var name: String = ""
    /// `platform`.
    public var platform: String = ""
    /// `backend`.
    public var backend: String = ""
    /// `runtime`.
    public var runtime: String = ""
    /// `version_policy`.
    public var versionPolicy: Inference.ModelVersionPolicy?
    /// `max_batch_size`.
    public var maxBatchSize: Int32 = 0
    /// `input`.
    public var input: [Inference.ModelInput] = []
    /// `output`.
    public var output: [Inference.ModelOutput] = []
    /// `batch_input`.
    public var batchInput: [Inference.BatchInput] = []
    /// `batch_output`.
    public var batchOutput: [Inference.BatchOutput] = []
    /// `optimization`.
    public var optimization: Inference.ModelOptimizationPolicy?
    /// One of the alternatives of `scheduling_choice`.
    public enum SchedulingChoice: Sendable, Hashable {
      /// `dynamic_batching`.
      case dynamicBatching(Inference.ModelDynamicBatching)
      /// `sequence_batching`.
      case sequenceBatching(Inference.ModelSequenceBatching)
      /// `ensemble_scheduling`.
      case ensembleScheduling(Inference.ModelEnsembling)
    }
    /// The alternative that is set, if any.
    public var schedulingChoice: SchedulingChoice?
    /// `instance_group`.
    public var instanceGroup: [Inference.ModelInstanceGroup] = []
    /// `default_model_filename`.
    public var defaultModelFilename: String = ""
    /// `cc_model_filenames`.
    public var ccModelFilenames: [String: String] = [:]
    /// `metric_tags`.
    public var metricTags: [String: String] = [:]
    /// `parameters`.
    public var parameters: [String: Inference.ModelParameter] = [:]
    /// `model_warmup`.
    public var modelWarmup: [Inference.ModelWarmup] = []
    /// `model_operations`.
    public var modelOperations: Inference.ModelOperations?
    /// `model_transaction_policy`.
    public var modelTransactionPolicy: Inference.ModelTransactionPolicy?
    /// `model_repository_agents`.
    public var modelRepositoryAgents: Inference.ModelRepositoryAgents?
    /// `response_cache`.
    public var responseCache: Inference.ModelResponseCache?
    /// `model_metrics`.
    public var modelMetrics: Inference.ModelMetrics?
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension Inference.ModelRateLimiter: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelRateLimiter>? {
    inference__model_rate_limiter__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelRateLimiter>) throws(ProtobufError) {
    self.init()
    resources.reserveCapacity(c.pointee.n_resources)
    for i in 0..<c.pointee.n_resources {
      resources.append(try Inference.ModelRateLimiter.Resource(c: c.pointee.resources[i]!))
    }
    priority = c.pointee.priority
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelRateLimiter> {
    let c = arena.allocate(Inference__ModelRateLimiter.self)
    inference__model_rate_limiter__init(c)
    c.pointee.n_resources = resources.count
    c.pointee.resources = arena.array(resources) { $0.makeC(arena) }
    c.pointee.priority = priority
    return c
  }
}

extension Inference.ModelRateLimiter.Resource: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelRateLimiter__Resource>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    global = c.pointee.global != 0
    count = c.pointee.count
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelRateLimiter__Resource> {
    let c = arena.allocate(Inference__ModelRateLimiter__Resource.self)
    inference__model_rate_limiter__resource__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.global = global ? 1 : 0
    c.pointee.count = count
    return c
  }
}

extension Inference.ModelInstanceGroup: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelInstanceGroup>? {
    inference__model_instance_group__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelInstanceGroup>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    kind = Inference.ModelInstanceGroup.Kind(c: c.pointee.kind.rawValue)
    count = c.pointee.count
    if let value = c.pointee.rate_limiter {
      rateLimiter = try Inference.ModelRateLimiter(c: value)
    }
    gpus.reserveCapacity(c.pointee.n_gpus)
    for i in 0..<c.pointee.n_gpus {
      gpus.append(c.pointee.gpus[i])
    }
    secondaryDevices.reserveCapacity(c.pointee.n_secondary_devices)
    for i in 0..<c.pointee.n_secondary_devices {
      secondaryDevices.append(try Inference.ModelInstanceGroup.SecondaryDevice(c: c.pointee.secondary_devices[i]!))
    }
    profile.reserveCapacity(c.pointee.n_profile)
    for i in 0..<c.pointee.n_profile {
      profile.append(try utf8Text(c.pointee.profile[i]!))
    }
    passive = c.pointee.passive != 0
    hostPolicy = try utf8Text(c.pointee.host_policy!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelInstanceGroup> {
    let c = arena.allocate(Inference__ModelInstanceGroup.self)
    inference__model_instance_group__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.kind = Inference__ModelInstanceGroup__Kind(UInt32(bitPattern: kind.rawValue))
    c.pointee.count = count
    c.pointee.rate_limiter = rateLimiter?.makeC(arena)
    c.pointee.n_gpus = gpus.count
    c.pointee.gpus = arena.array(gpus) { $0 }
    c.pointee.n_secondary_devices = secondaryDevices.count
    c.pointee.secondary_devices = arena.array(secondaryDevices) { $0.makeC(arena) }
    c.pointee.n_profile = profile.count
    c.pointee.profile = arena.array(profile) { arena.text($0) }
    c.pointee.passive = passive ? 1 : 0
    c.pointee.host_policy = arena.text(hostPolicy)
    return c
  }
}

extension Inference.ModelInstanceGroup.SecondaryDevice: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelInstanceGroup__SecondaryDevice>) throws(ProtobufError) {
    self.init()
    kind = Inference.ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind(c: c.pointee.kind.rawValue)
    deviceID = c.pointee.device_id
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelInstanceGroup__SecondaryDevice> {
    let c = arena.allocate(Inference__ModelInstanceGroup__SecondaryDevice.self)
    inference__model_instance_group__secondary_device__init(c)
    c.pointee.kind = Inference__ModelInstanceGroup__SecondaryDevice__SecondaryDeviceKind(UInt32(bitPattern: kind.rawValue))
    c.pointee.device_id = deviceID
    return c
  }
}

extension Inference.ModelTensorReshape: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelTensorReshape>? {
    inference__model_tensor_reshape__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelTensorReshape>) throws(ProtobufError) {
    self.init()
    shape.reserveCapacity(c.pointee.n_shape)
    for i in 0..<c.pointee.n_shape {
      shape.append(c.pointee.shape[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelTensorReshape> {
    let c = arena.allocate(Inference__ModelTensorReshape.self)
    inference__model_tensor_reshape__init(c)
    c.pointee.n_shape = shape.count
    c.pointee.shape = arena.array(shape) { $0 }
    return c
  }
}

extension Inference.ModelInput: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelInput>? {
    inference__model_input__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelInput>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
    format = Inference.ModelInput.Format(c: c.pointee.format.rawValue)
    dims.reserveCapacity(c.pointee.n_dims)
    for i in 0..<c.pointee.n_dims {
      dims.append(c.pointee.dims[i])
    }
    if let value = c.pointee.reshape {
      reshape = try Inference.ModelTensorReshape(c: value)
    }
    isShapeTensor = c.pointee.is_shape_tensor != 0
    allowRaggedBatch = c.pointee.allow_ragged_batch != 0
    optional = c.pointee.optional != 0
    isNonLinearFormatIo = c.pointee.is_non_linear_format_io != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelInput> {
    let c = arena.allocate(Inference__ModelInput.self)
    inference__model_input__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    c.pointee.format = Inference__ModelInput__Format(UInt32(bitPattern: format.rawValue))
    c.pointee.n_dims = dims.count
    c.pointee.dims = arena.array(dims) { $0 }
    c.pointee.reshape = reshape?.makeC(arena)
    c.pointee.is_shape_tensor = isShapeTensor ? 1 : 0
    c.pointee.allow_ragged_batch = allowRaggedBatch ? 1 : 0
    c.pointee.optional = optional ? 1 : 0
    c.pointee.is_non_linear_format_io = isNonLinearFormatIo ? 1 : 0
    return c
  }
}

extension Inference.ModelOutput: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelOutput>? {
    inference__model_output__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelOutput>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
    dims.reserveCapacity(c.pointee.n_dims)
    for i in 0..<c.pointee.n_dims {
      dims.append(c.pointee.dims[i])
    }
    if let value = c.pointee.reshape {
      reshape = try Inference.ModelTensorReshape(c: value)
    }
    labelFilename = try utf8Text(c.pointee.label_filename!)
    isShapeTensor = c.pointee.is_shape_tensor != 0
    isNonLinearFormatIo = c.pointee.is_non_linear_format_io != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOutput> {
    let c = arena.allocate(Inference__ModelOutput.self)
    inference__model_output__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    c.pointee.n_dims = dims.count
    c.pointee.dims = arena.array(dims) { $0 }
    c.pointee.reshape = reshape?.makeC(arena)
    c.pointee.label_filename = arena.text(labelFilename)
    c.pointee.is_shape_tensor = isShapeTensor ? 1 : 0
    c.pointee.is_non_linear_format_io = isNonLinearFormatIo ? 1 : 0
    return c
  }
}

extension Inference.BatchInput: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__BatchInput>? {
    inference__batch_input__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__BatchInput>) throws(ProtobufError) {
    self.init()
    kind = Inference.BatchInput.Kind(c: c.pointee.kind.rawValue)
    targetName.reserveCapacity(c.pointee.n_target_name)
    for i in 0..<c.pointee.n_target_name {
      targetName.append(try utf8Text(c.pointee.target_name[i]!))
    }
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
    sourceInput.reserveCapacity(c.pointee.n_source_input)
    for i in 0..<c.pointee.n_source_input {
      sourceInput.append(try utf8Text(c.pointee.source_input[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__BatchInput> {
    let c = arena.allocate(Inference__BatchInput.self)
    inference__batch_input__init(c)
    c.pointee.kind = Inference__BatchInput__Kind(UInt32(bitPattern: kind.rawValue))
    c.pointee.n_target_name = targetName.count
    c.pointee.target_name = arena.array(targetName) { arena.text($0) }
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    c.pointee.n_source_input = sourceInput.count
    c.pointee.source_input = arena.array(sourceInput) { arena.text($0) }
    return c
  }
}

extension Inference.BatchOutput: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__BatchOutput>? {
    inference__batch_output__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__BatchOutput>) throws(ProtobufError) {
    self.init()
    targetName.reserveCapacity(c.pointee.n_target_name)
    for i in 0..<c.pointee.n_target_name {
      targetName.append(try utf8Text(c.pointee.target_name[i]!))
    }
    kind = Inference.BatchOutput.Kind(c: c.pointee.kind.rawValue)
    sourceInput.reserveCapacity(c.pointee.n_source_input)
    for i in 0..<c.pointee.n_source_input {
      sourceInput.append(try utf8Text(c.pointee.source_input[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__BatchOutput> {
    let c = arena.allocate(Inference__BatchOutput.self)
    inference__batch_output__init(c)
    c.pointee.n_target_name = targetName.count
    c.pointee.target_name = arena.array(targetName) { arena.text($0) }
    c.pointee.kind = Inference__BatchOutput__Kind(UInt32(bitPattern: kind.rawValue))
    c.pointee.n_source_input = sourceInput.count
    c.pointee.source_input = arena.array(sourceInput) { arena.text($0) }
    return c
  }
}

extension Inference.ModelVersionPolicy: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelVersionPolicy>? {
    inference__model_version_policy__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelVersionPolicy>) throws(ProtobufError) {
    self.init()
    switch c.pointee.policy_choice_case {
    case INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST:
      policyChoice = .latest(try Inference.ModelVersionPolicy.Latest(c: c.pointee.latest!))
    case INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_ALL:
      policyChoice = .all(try Inference.ModelVersionPolicy.All(c: c.pointee.all!))
    case INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_SPECIFIC:
      policyChoice = .specific(try Inference.ModelVersionPolicy.Specific(c: c.pointee.specific!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelVersionPolicy> {
    let c = arena.allocate(Inference__ModelVersionPolicy.self)
    inference__model_version_policy__init(c)
    switch policyChoice {
    case .latest(let value):
      c.pointee.policy_choice_case = INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST
      c.pointee.latest = value.makeC(arena)
    case .all(let value):
      c.pointee.policy_choice_case = INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_ALL
      c.pointee.all = value.makeC(arena)
    case .specific(let value):
      c.pointee.policy_choice_case = INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_SPECIFIC
      c.pointee.specific = value.makeC(arena)
    case nil: break
    }
    return c
  }
}

extension Inference.ModelVersionPolicy.Latest: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelVersionPolicy__Latest>) throws(ProtobufError) {
    self.init()
    numVersions = c.pointee.num_versions
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelVersionPolicy__Latest> {
    let c = arena.allocate(Inference__ModelVersionPolicy__Latest.self)
    inference__model_version_policy__latest__init(c)
    c.pointee.num_versions = numVersions
    return c
  }
}

extension Inference.ModelVersionPolicy.All: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelVersionPolicy__All>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelVersionPolicy__All> {
    let c = arena.allocate(Inference__ModelVersionPolicy__All.self)
    inference__model_version_policy__all__init(c)
    return c
  }
}

extension Inference.ModelVersionPolicy.Specific: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelVersionPolicy__Specific>) throws(ProtobufError) {
    self.init()
    versions.reserveCapacity(c.pointee.n_versions)
    for i in 0..<c.pointee.n_versions {
      versions.append(c.pointee.versions[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelVersionPolicy__Specific> {
    let c = arena.allocate(Inference__ModelVersionPolicy__Specific.self)
    inference__model_version_policy__specific__init(c)
    c.pointee.n_versions = versions.count
    c.pointee.versions = arena.array(versions) { $0 }
    return c
  }
}

extension Inference.ModelOptimizationPolicy: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy>? {
    inference__model_optimization_policy__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.graph {
      graph = try Inference.ModelOptimizationPolicy.Graph(c: value)
    }
    priority = Inference.ModelOptimizationPolicy.ModelPriority(c: c.pointee.priority.rawValue)
    if let value = c.pointee.cuda {
      cuda = try Inference.ModelOptimizationPolicy.Cuda(c: value)
    }
    if let value = c.pointee.execution_accelerators {
      executionAccelerators = try Inference.ModelOptimizationPolicy.ExecutionAccelerators(c: value)
    }
    if let value = c.pointee.input_pinned_memory {
      inputPinnedMemory = try Inference.ModelOptimizationPolicy.PinnedMemoryBuffer(c: value)
    }
    if let value = c.pointee.output_pinned_memory {
      outputPinnedMemory = try Inference.ModelOptimizationPolicy.PinnedMemoryBuffer(c: value)
    }
    gatherKernelBufferThreshold = c.pointee.gather_kernel_buffer_threshold
    eagerBatching = c.pointee.eager_batching != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy.self)
    inference__model_optimization_policy__init(c)
    c.pointee.graph = graph?.makeC(arena)
    c.pointee.priority = Inference__ModelOptimizationPolicy__ModelPriority(UInt32(bitPattern: priority.rawValue))
    c.pointee.cuda = cuda?.makeC(arena)
    c.pointee.execution_accelerators = executionAccelerators?.makeC(arena)
    c.pointee.input_pinned_memory = inputPinnedMemory?.makeC(arena)
    c.pointee.output_pinned_memory = outputPinnedMemory?.makeC(arena)
    c.pointee.gather_kernel_buffer_threshold = gatherKernelBufferThreshold
    c.pointee.eager_batching = eagerBatching ? 1 : 0
    return c
  }
}

extension Inference.ModelOptimizationPolicy.Graph: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Graph>) throws(ProtobufError) {
    self.init()
    level = c.pointee.level
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Graph> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__Graph.self)
    inference__model_optimization_policy__graph__init(c)
    c.pointee.level = level
    return c
  }
}

extension Inference.ModelOptimizationPolicy.Cuda: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda>) throws(ProtobufError) {
    self.init()
    graphs = c.pointee.graphs != 0
    busyWaitEvents = c.pointee.busy_wait_events != 0
    graphSpec.reserveCapacity(c.pointee.n_graph_spec)
    for i in 0..<c.pointee.n_graph_spec {
      graphSpec.append(try Inference.ModelOptimizationPolicy.Cuda.GraphSpec(c: c.pointee.graph_spec[i]!))
    }
    outputCopyStream = c.pointee.output_copy_stream != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__Cuda.self)
    inference__model_optimization_policy__cuda__init(c)
    c.pointee.graphs = graphs ? 1 : 0
    c.pointee.busy_wait_events = busyWaitEvents ? 1 : 0
    c.pointee.n_graph_spec = graphSpec.count
    c.pointee.graph_spec = arena.array(graphSpec) { $0.makeC(arena) }
    c.pointee.output_copy_stream = outputCopyStream ? 1 : 0
    return c
  }
}

extension Inference.ModelOptimizationPolicy.Cuda.GraphSpec: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda__GraphSpec>) throws(ProtobufError) {
    self.init()
    batchSize = c.pointee.batch_size
    for i in 0..<c.pointee.n_input {
      let entry = c.pointee.input[i]!
      guard let value = entry.pointee.value else { continue }
      input[try utf8Text(entry.pointee.key!)] = try Inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape(c: value)
    }
    if let value = c.pointee.graph_lower_bound {
      graphLowerBound = try Inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda__GraphSpec> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__Cuda__GraphSpec.self)
    inference__model_optimization_policy__cuda__graph_spec__init(c)
    c.pointee.batch_size = batchSize
    c.pointee.n_input = input.count
    c.pointee.input = arena.array(input.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelOptimizationPolicy__Cuda__GraphSpec__InputEntry.self)
      inference__model_optimization_policy__cuda__graph_spec__input_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    c.pointee.graph_lower_bound = graphLowerBound?.makeC(arena)
    return c
  }
}

extension Inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda__GraphSpec__Shape>) throws(ProtobufError) {
    self.init()
    dim.reserveCapacity(c.pointee.n_dim)
    for i in 0..<c.pointee.n_dim {
      dim.append(c.pointee.dim[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda__GraphSpec__Shape> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__Cuda__GraphSpec__Shape.self)
    inference__model_optimization_policy__cuda__graph_spec__shape__init(c)
    c.pointee.n_dim = dim.count
    c.pointee.dim = arena.array(dim) { $0 }
    return c
  }
}

extension Inference.ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda__GraphSpec__LowerBound>) throws(ProtobufError) {
    self.init()
    batchSize = c.pointee.batch_size
    for i in 0..<c.pointee.n_input {
      let entry = c.pointee.input[i]!
      guard let value = entry.pointee.value else { continue }
      input[try utf8Text(entry.pointee.key!)] = try Inference.ModelOptimizationPolicy.Cuda.GraphSpec.Shape(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__Cuda__GraphSpec__LowerBound> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__Cuda__GraphSpec__LowerBound.self)
    inference__model_optimization_policy__cuda__graph_spec__lower_bound__init(c)
    c.pointee.batch_size = batchSize
    c.pointee.n_input = input.count
    c.pointee.input = arena.array(input.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelOptimizationPolicy__Cuda__GraphSpec__LowerBound__InputEntry.self)
      inference__model_optimization_policy__cuda__graph_spec__lower_bound__input_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.ModelOptimizationPolicy.ExecutionAccelerators: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__ExecutionAccelerators>) throws(ProtobufError) {
    self.init()
    gpuExecutionAccelerator.reserveCapacity(c.pointee.n_gpu_execution_accelerator)
    for i in 0..<c.pointee.n_gpu_execution_accelerator {
      gpuExecutionAccelerator.append(try Inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator(c: c.pointee.gpu_execution_accelerator[i]!))
    }
    cpuExecutionAccelerator.reserveCapacity(c.pointee.n_cpu_execution_accelerator)
    for i in 0..<c.pointee.n_cpu_execution_accelerator {
      cpuExecutionAccelerator.append(try Inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator(c: c.pointee.cpu_execution_accelerator[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__ExecutionAccelerators> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__ExecutionAccelerators.self)
    inference__model_optimization_policy__execution_accelerators__init(c)
    c.pointee.n_gpu_execution_accelerator = gpuExecutionAccelerator.count
    c.pointee.gpu_execution_accelerator = arena.array(gpuExecutionAccelerator) { $0.makeC(arena) }
    c.pointee.n_cpu_execution_accelerator = cpuExecutionAccelerator.count
    c.pointee.cpu_execution_accelerator = arena.array(cpuExecutionAccelerator) { $0.makeC(arena) }
    return c
  }
}

extension Inference.ModelOptimizationPolicy.ExecutionAccelerators.Accelerator: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__ExecutionAccelerators__Accelerator>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    for i in 0..<c.pointee.n_parameters {
      let entry = c.pointee.parameters[i]!
      parameters[try utf8Text(entry.pointee.key!)] = try utf8Text(entry.pointee.value!)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__ExecutionAccelerators__Accelerator> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__ExecutionAccelerators__Accelerator.self)
    inference__model_optimization_policy__execution_accelerators__accelerator__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.n_parameters = parameters.count
    c.pointee.parameters = arena.array(parameters.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelOptimizationPolicy__ExecutionAccelerators__Accelerator__ParametersEntry.self)
      inference__model_optimization_policy__execution_accelerators__accelerator__parameters_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = arena.text(pair.value)
      return entry
    }
    return c
  }
}

extension Inference.ModelOptimizationPolicy.PinnedMemoryBuffer: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelOptimizationPolicy__PinnedMemoryBuffer>) throws(ProtobufError) {
    self.init()
    enable = c.pointee.enable != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOptimizationPolicy__PinnedMemoryBuffer> {
    let c = arena.allocate(Inference__ModelOptimizationPolicy__PinnedMemoryBuffer.self)
    inference__model_optimization_policy__pinned_memory_buffer__init(c)
    c.pointee.enable = enable ? 1 : 0
    return c
  }
}

extension Inference.ModelQueuePolicy: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelQueuePolicy>? {
    inference__model_queue_policy__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelQueuePolicy>) throws(ProtobufError) {
    self.init()
    timeoutAction = Inference.ModelQueuePolicy.TimeoutAction(c: c.pointee.timeout_action.rawValue)
    defaultTimeoutMicroseconds = c.pointee.default_timeout_microseconds
    allowTimeoutOverride = c.pointee.allow_timeout_override != 0
    maxQueueSize = c.pointee.max_queue_size
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelQueuePolicy> {
    let c = arena.allocate(Inference__ModelQueuePolicy.self)
    inference__model_queue_policy__init(c)
    c.pointee.timeout_action = Inference__ModelQueuePolicy__TimeoutAction(UInt32(bitPattern: timeoutAction.rawValue))
    c.pointee.default_timeout_microseconds = defaultTimeoutMicroseconds
    c.pointee.allow_timeout_override = allowTimeoutOverride ? 1 : 0
    c.pointee.max_queue_size = maxQueueSize
    return c
  }
}

extension Inference.ModelDynamicBatching: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelDynamicBatching>? {
    inference__model_dynamic_batching__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelDynamicBatching>) throws(ProtobufError) {
    self.init()
    preferredBatchSize.reserveCapacity(c.pointee.n_preferred_batch_size)
    for i in 0..<c.pointee.n_preferred_batch_size {
      preferredBatchSize.append(c.pointee.preferred_batch_size[i])
    }
    maxQueueDelayMicroseconds = c.pointee.max_queue_delay_microseconds
    preserveOrdering = c.pointee.preserve_ordering != 0
    priorityLevels = c.pointee.priority_levels
    defaultPriorityLevel = c.pointee.default_priority_level
    if let value = c.pointee.default_queue_policy {
      defaultQueuePolicy = try Inference.ModelQueuePolicy(c: value)
    }
    for i in 0..<c.pointee.n_priority_queue_policy {
      let entry = c.pointee.priority_queue_policy[i]!
      guard let value = entry.pointee.value else { continue }
      priorityQueuePolicy[entry.pointee.key] = try Inference.ModelQueuePolicy(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelDynamicBatching> {
    let c = arena.allocate(Inference__ModelDynamicBatching.self)
    inference__model_dynamic_batching__init(c)
    c.pointee.n_preferred_batch_size = preferredBatchSize.count
    c.pointee.preferred_batch_size = arena.array(preferredBatchSize) { $0 }
    c.pointee.max_queue_delay_microseconds = maxQueueDelayMicroseconds
    c.pointee.preserve_ordering = preserveOrdering ? 1 : 0
    c.pointee.priority_levels = priorityLevels
    c.pointee.default_priority_level = defaultPriorityLevel
    c.pointee.default_queue_policy = defaultQueuePolicy?.makeC(arena)
    c.pointee.n_priority_queue_policy = priorityQueuePolicy.count
    c.pointee.priority_queue_policy = arena.array(priorityQueuePolicy.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelDynamicBatching__PriorityQueuePolicyEntry.self)
      inference__model_dynamic_batching__priority_queue_policy_entry__init(entry)
      entry.pointee.key = pair.key
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    return c
  }
}

extension Inference.ModelSequenceBatching: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelSequenceBatching>? {
    inference__model_sequence_batching__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching>) throws(ProtobufError) {
    self.init()
    switch c.pointee.strategy_choice_case {
    case INFERENCE__MODEL_SEQUENCE_BATCHING__STRATEGY_CHOICE_DIRECT:
      strategyChoice = .direct(try Inference.ModelSequenceBatching.StrategyDirect(c: c.pointee.direct!))
    case INFERENCE__MODEL_SEQUENCE_BATCHING__STRATEGY_CHOICE_OLDEST:
      strategyChoice = .oldest(try Inference.ModelSequenceBatching.StrategyOldest(c: c.pointee.oldest!))
    default: break
    }
    maxSequenceIdleMicroseconds = c.pointee.max_sequence_idle_microseconds
    controlInput.reserveCapacity(c.pointee.n_control_input)
    for i in 0..<c.pointee.n_control_input {
      controlInput.append(try Inference.ModelSequenceBatching.ControlInput(c: c.pointee.control_input[i]!))
    }
    state.reserveCapacity(c.pointee.n_state)
    for i in 0..<c.pointee.n_state {
      state.append(try Inference.ModelSequenceBatching.State(c: c.pointee.state[i]!))
    }
    iterativeSequence = c.pointee.iterative_sequence != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching> {
    let c = arena.allocate(Inference__ModelSequenceBatching.self)
    inference__model_sequence_batching__init(c)
    switch strategyChoice {
    case .direct(let value):
      c.pointee.strategy_choice_case = INFERENCE__MODEL_SEQUENCE_BATCHING__STRATEGY_CHOICE_DIRECT
      c.pointee.direct = value.makeC(arena)
    case .oldest(let value):
      c.pointee.strategy_choice_case = INFERENCE__MODEL_SEQUENCE_BATCHING__STRATEGY_CHOICE_OLDEST
      c.pointee.oldest = value.makeC(arena)
    case nil: break
    }
    c.pointee.max_sequence_idle_microseconds = maxSequenceIdleMicroseconds
    c.pointee.n_control_input = controlInput.count
    c.pointee.control_input = arena.array(controlInput) { $0.makeC(arena) }
    c.pointee.n_state = state.count
    c.pointee.state = arena.array(state) { $0.makeC(arena) }
    c.pointee.iterative_sequence = iterativeSequence ? 1 : 0
    return c
  }
}

extension Inference.ModelSequenceBatching.Control: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching__Control>) throws(ProtobufError) {
    self.init()
    kind = Inference.ModelSequenceBatching.Control.Kind(c: c.pointee.kind.rawValue)
    int32FalseTrue.reserveCapacity(c.pointee.n_int32_false_true)
    for i in 0..<c.pointee.n_int32_false_true {
      int32FalseTrue.append(c.pointee.int32_false_true[i])
    }
    fp32FalseTrue.reserveCapacity(c.pointee.n_fp32_false_true)
    for i in 0..<c.pointee.n_fp32_false_true {
      fp32FalseTrue.append(c.pointee.fp32_false_true[i])
    }
    boolFalseTrue.reserveCapacity(c.pointee.n_bool_false_true)
    for i in 0..<c.pointee.n_bool_false_true {
      boolFalseTrue.append(c.pointee.bool_false_true[i] != 0)
    }
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching__Control> {
    let c = arena.allocate(Inference__ModelSequenceBatching__Control.self)
    inference__model_sequence_batching__control__init(c)
    c.pointee.kind = Inference__ModelSequenceBatching__Control__Kind(UInt32(bitPattern: kind.rawValue))
    c.pointee.n_int32_false_true = int32FalseTrue.count
    c.pointee.int32_false_true = arena.array(int32FalseTrue) { $0 }
    c.pointee.n_fp32_false_true = fp32FalseTrue.count
    c.pointee.fp32_false_true = arena.array(fp32FalseTrue) { $0 }
    c.pointee.n_bool_false_true = boolFalseTrue.count
    c.pointee.bool_false_true = arena.array(boolFalseTrue) { $0 ? 1 : 0 }
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    return c
  }
}

extension Inference.ModelSequenceBatching.ControlInput: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching__ControlInput>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    control.reserveCapacity(c.pointee.n_control)
    for i in 0..<c.pointee.n_control {
      control.append(try Inference.ModelSequenceBatching.Control(c: c.pointee.control[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching__ControlInput> {
    let c = arena.allocate(Inference__ModelSequenceBatching__ControlInput.self)
    inference__model_sequence_batching__control_input__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.n_control = control.count
    c.pointee.control = arena.array(control) { $0.makeC(arena) }
    return c
  }
}

extension Inference.ModelSequenceBatching.InitialState: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching__InitialState>) throws(ProtobufError) {
    self.init()
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
    dims.reserveCapacity(c.pointee.n_dims)
    for i in 0..<c.pointee.n_dims {
      dims.append(c.pointee.dims[i])
    }
    switch c.pointee.state_data_case {
    case INFERENCE__MODEL_SEQUENCE_BATCHING__INITIAL_STATE__STATE_DATA_ZERO_DATA:
      stateData = .zeroData(c.pointee.zero_data != 0)
    case INFERENCE__MODEL_SEQUENCE_BATCHING__INITIAL_STATE__STATE_DATA_DATA_FILE:
      stateData = .dataFile(try utf8Text(c.pointee.data_file!))
    default: break
    }
    name = try utf8Text(c.pointee.name!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching__InitialState> {
    let c = arena.allocate(Inference__ModelSequenceBatching__InitialState.self)
    inference__model_sequence_batching__initial_state__init(c)
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    c.pointee.n_dims = dims.count
    c.pointee.dims = arena.array(dims) { $0 }
    switch stateData {
    case .zeroData(let value):
      c.pointee.state_data_case = INFERENCE__MODEL_SEQUENCE_BATCHING__INITIAL_STATE__STATE_DATA_ZERO_DATA
      c.pointee.zero_data = value ? 1 : 0
    case .dataFile(let value):
      c.pointee.state_data_case = INFERENCE__MODEL_SEQUENCE_BATCHING__INITIAL_STATE__STATE_DATA_DATA_FILE
      c.pointee.data_file = arena.text(value)
    case nil: break
    }
    c.pointee.name = arena.text(name)
    return c
  }
}

extension Inference.ModelSequenceBatching.State: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching__State>) throws(ProtobufError) {
    self.init()
    inputName = try utf8Text(c.pointee.input_name!)
    outputName = try utf8Text(c.pointee.output_name!)
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
    dims.reserveCapacity(c.pointee.n_dims)
    for i in 0..<c.pointee.n_dims {
      dims.append(c.pointee.dims[i])
    }
    initialState.reserveCapacity(c.pointee.n_initial_state)
    for i in 0..<c.pointee.n_initial_state {
      initialState.append(try Inference.ModelSequenceBatching.InitialState(c: c.pointee.initial_state[i]!))
    }
    useSameBufferForInputOutput = c.pointee.use_same_buffer_for_input_output != 0
    useGrowableMemory = c.pointee.use_growable_memory != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching__State> {
    let c = arena.allocate(Inference__ModelSequenceBatching__State.self)
    inference__model_sequence_batching__state__init(c)
    c.pointee.input_name = arena.text(inputName)
    c.pointee.output_name = arena.text(outputName)
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    c.pointee.n_dims = dims.count
    c.pointee.dims = arena.array(dims) { $0 }
    c.pointee.n_initial_state = initialState.count
    c.pointee.initial_state = arena.array(initialState) { $0.makeC(arena) }
    c.pointee.use_same_buffer_for_input_output = useSameBufferForInputOutput ? 1 : 0
    c.pointee.use_growable_memory = useGrowableMemory ? 1 : 0
    return c
  }
}

extension Inference.ModelSequenceBatching.StrategyDirect: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching__StrategyDirect>) throws(ProtobufError) {
    self.init()
    maxQueueDelayMicroseconds = c.pointee.max_queue_delay_microseconds
    minimumSlotUtilization = c.pointee.minimum_slot_utilization
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching__StrategyDirect> {
    let c = arena.allocate(Inference__ModelSequenceBatching__StrategyDirect.self)
    inference__model_sequence_batching__strategy_direct__init(c)
    c.pointee.max_queue_delay_microseconds = maxQueueDelayMicroseconds
    c.pointee.minimum_slot_utilization = minimumSlotUtilization
    return c
  }
}

extension Inference.ModelSequenceBatching.StrategyOldest: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelSequenceBatching__StrategyOldest>) throws(ProtobufError) {
    self.init()
    maxCandidateSequences = c.pointee.max_candidate_sequences
    preferredBatchSize.reserveCapacity(c.pointee.n_preferred_batch_size)
    for i in 0..<c.pointee.n_preferred_batch_size {
      preferredBatchSize.append(c.pointee.preferred_batch_size[i])
    }
    maxQueueDelayMicroseconds = c.pointee.max_queue_delay_microseconds
    preserveOrdering = c.pointee.preserve_ordering != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelSequenceBatching__StrategyOldest> {
    let c = arena.allocate(Inference__ModelSequenceBatching__StrategyOldest.self)
    inference__model_sequence_batching__strategy_oldest__init(c)
    c.pointee.max_candidate_sequences = maxCandidateSequences
    c.pointee.n_preferred_batch_size = preferredBatchSize.count
    c.pointee.preferred_batch_size = arena.array(preferredBatchSize) { $0 }
    c.pointee.max_queue_delay_microseconds = maxQueueDelayMicroseconds
    c.pointee.preserve_ordering = preserveOrdering ? 1 : 0
    return c
  }
}

extension Inference.ModelEnsembling: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelEnsembling>? {
    inference__model_ensembling__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelEnsembling>) throws(ProtobufError) {
    self.init()
    step.reserveCapacity(c.pointee.n_step)
    for i in 0..<c.pointee.n_step {
      step.append(try Inference.ModelEnsembling.Step(c: c.pointee.step[i]!))
    }
    maxInflightRequests = c.pointee.max_inflight_requests
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelEnsembling> {
    let c = arena.allocate(Inference__ModelEnsembling.self)
    inference__model_ensembling__init(c)
    c.pointee.n_step = step.count
    c.pointee.step = arena.array(step) { $0.makeC(arena) }
    c.pointee.max_inflight_requests = maxInflightRequests
    return c
  }
}

extension Inference.ModelEnsembling.Step: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelEnsembling__Step>) throws(ProtobufError) {
    self.init()
    modelName = try utf8Text(c.pointee.model_name!)
    modelVersion = c.pointee.model_version
    for i in 0..<c.pointee.n_input_map {
      let entry = c.pointee.input_map[i]!
      inputMap[try utf8Text(entry.pointee.key!)] = try utf8Text(entry.pointee.value!)
    }
    for i in 0..<c.pointee.n_output_map {
      let entry = c.pointee.output_map[i]!
      outputMap[try utf8Text(entry.pointee.key!)] = try utf8Text(entry.pointee.value!)
    }
    modelNamespace = try utf8Text(c.pointee.model_namespace!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelEnsembling__Step> {
    let c = arena.allocate(Inference__ModelEnsembling__Step.self)
    inference__model_ensembling__step__init(c)
    c.pointee.model_name = arena.text(modelName)
    c.pointee.model_version = modelVersion
    c.pointee.n_input_map = inputMap.count
    c.pointee.input_map = arena.array(inputMap.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelEnsembling__Step__InputMapEntry.self)
      inference__model_ensembling__step__input_map_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = arena.text(pair.value)
      return entry
    }
    c.pointee.n_output_map = outputMap.count
    c.pointee.output_map = arena.array(outputMap.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelEnsembling__Step__OutputMapEntry.self)
      inference__model_ensembling__step__output_map_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = arena.text(pair.value)
      return entry
    }
    c.pointee.model_namespace = arena.text(modelNamespace)
    return c
  }
}

extension Inference.ModelParameter: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelParameter>? {
    inference__model_parameter__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelParameter>) throws(ProtobufError) {
    self.init()
    stringValue = try utf8Text(c.pointee.string_value!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelParameter> {
    let c = arena.allocate(Inference__ModelParameter.self)
    inference__model_parameter__init(c)
    c.pointee.string_value = arena.text(stringValue)
    return c
  }
}

extension Inference.ModelWarmup: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelWarmup>? {
    inference__model_warmup__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelWarmup>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    batchSize = c.pointee.batch_size
    for i in 0..<c.pointee.n_inputs {
      let entry = c.pointee.inputs[i]!
      guard let value = entry.pointee.value else { continue }
      inputs[try utf8Text(entry.pointee.key!)] = try Inference.ModelWarmup.Input(c: value)
    }
    count = c.pointee.count
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelWarmup> {
    let c = arena.allocate(Inference__ModelWarmup.self)
    inference__model_warmup__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.batch_size = batchSize
    c.pointee.n_inputs = inputs.count
    c.pointee.inputs = arena.array(inputs.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelWarmup__InputsEntry.self)
      inference__model_warmup__inputs_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    c.pointee.count = count
    return c
  }
}

extension Inference.ModelWarmup.Input: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelWarmup__Input>) throws(ProtobufError) {
    self.init()
    dataType = Inference.DataType(c: c.pointee.data_type.rawValue)
    dims.reserveCapacity(c.pointee.n_dims)
    for i in 0..<c.pointee.n_dims {
      dims.append(c.pointee.dims[i])
    }
    switch c.pointee.input_data_type_case {
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_ZERO_DATA:
      inputDataType = .zeroData(c.pointee.zero_data != 0)
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_RANDOM_DATA:
      inputDataType = .randomData(c.pointee.random_data != 0)
    case INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_INPUT_DATA_FILE:
      inputDataType = .inputDataFile(try utf8Text(c.pointee.input_data_file!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelWarmup__Input> {
    let c = arena.allocate(Inference__ModelWarmup__Input.self)
    inference__model_warmup__input__init(c)
    c.pointee.data_type = Inference__DataType(UInt32(bitPattern: dataType.rawValue))
    c.pointee.n_dims = dims.count
    c.pointee.dims = arena.array(dims) { $0 }
    switch inputDataType {
    case .zeroData(let value):
      c.pointee.input_data_type_case = INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_ZERO_DATA
      c.pointee.zero_data = value ? 1 : 0
    case .randomData(let value):
      c.pointee.input_data_type_case = INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_RANDOM_DATA
      c.pointee.random_data = value ? 1 : 0
    case .inputDataFile(let value):
      c.pointee.input_data_type_case = INFERENCE__MODEL_WARMUP__INPUT__INPUT_DATA_TYPE_INPUT_DATA_FILE
      c.pointee.input_data_file = arena.text(value)
    case nil: break
    }
    return c
  }
}

extension Inference.ModelOperations: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelOperations>? {
    inference__model_operations__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelOperations>) throws(ProtobufError) {
    self.init()
    opLibraryFilename.reserveCapacity(c.pointee.n_op_library_filename)
    for i in 0..<c.pointee.n_op_library_filename {
      opLibraryFilename.append(try utf8Text(c.pointee.op_library_filename[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelOperations> {
    let c = arena.allocate(Inference__ModelOperations.self)
    inference__model_operations__init(c)
    c.pointee.n_op_library_filename = opLibraryFilename.count
    c.pointee.op_library_filename = arena.array(opLibraryFilename) { arena.text($0) }
    return c
  }
}

extension Inference.ModelTransactionPolicy: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelTransactionPolicy>? {
    inference__model_transaction_policy__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelTransactionPolicy>) throws(ProtobufError) {
    self.init()
    decoupled = c.pointee.decoupled != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelTransactionPolicy> {
    let c = arena.allocate(Inference__ModelTransactionPolicy.self)
    inference__model_transaction_policy__init(c)
    c.pointee.decoupled = decoupled ? 1 : 0
    return c
  }
}

extension Inference.ModelRepositoryAgents: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelRepositoryAgents>? {
    inference__model_repository_agents__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelRepositoryAgents>) throws(ProtobufError) {
    self.init()
    agents.reserveCapacity(c.pointee.n_agents)
    for i in 0..<c.pointee.n_agents {
      agents.append(try Inference.ModelRepositoryAgents.Agent(c: c.pointee.agents[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelRepositoryAgents> {
    let c = arena.allocate(Inference__ModelRepositoryAgents.self)
    inference__model_repository_agents__init(c)
    c.pointee.n_agents = agents.count
    c.pointee.agents = arena.array(agents) { $0.makeC(arena) }
    return c
  }
}

extension Inference.ModelRepositoryAgents.Agent: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelRepositoryAgents__Agent>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    for i in 0..<c.pointee.n_parameters {
      let entry = c.pointee.parameters[i]!
      parameters[try utf8Text(entry.pointee.key!)] = try utf8Text(entry.pointee.value!)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelRepositoryAgents__Agent> {
    let c = arena.allocate(Inference__ModelRepositoryAgents__Agent.self)
    inference__model_repository_agents__agent__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.n_parameters = parameters.count
    c.pointee.parameters = arena.array(parameters.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelRepositoryAgents__Agent__ParametersEntry.self)
      inference__model_repository_agents__agent__parameters_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = arena.text(pair.value)
      return entry
    }
    return c
  }
}

extension Inference.ModelResponseCache: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelResponseCache>? {
    inference__model_response_cache__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelResponseCache>) throws(ProtobufError) {
    self.init()
    enable = c.pointee.enable != 0
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelResponseCache> {
    let c = arena.allocate(Inference__ModelResponseCache.self)
    inference__model_response_cache__init(c)
    c.pointee.enable = enable ? 1 : 0
    return c
  }
}

extension Inference.ModelMetrics: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelMetrics>? {
    inference__model_metrics__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelMetrics>) throws(ProtobufError) {
    self.init()
    metricControl.reserveCapacity(c.pointee.n_metric_control)
    for i in 0..<c.pointee.n_metric_control {
      metricControl.append(try Inference.ModelMetrics.MetricControl(c: c.pointee.metric_control[i]!))
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetrics> {
    let c = arena.allocate(Inference__ModelMetrics.self)
    inference__model_metrics__init(c)
    c.pointee.n_metric_control = metricControl.count
    c.pointee.metric_control = arena.array(metricControl) { $0.makeC(arena) }
    return c
  }
}

extension Inference.ModelMetrics.MetricControl: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelMetrics__MetricControl>) throws(ProtobufError) {
    self.init()
    if let value = c.pointee.metric_identifier {
      metricIdentifier = try Inference.ModelMetrics.MetricControl.MetricIdentifier(c: value)
    }
    switch c.pointee.metric_options_case {
    case INFERENCE__MODEL_METRICS__METRIC_CONTROL__METRIC_OPTIONS_HISTOGRAM_OPTIONS:
      metricOptions = .histogramOptions(try Inference.ModelMetrics.MetricControl.HistogramOptions(c: c.pointee.histogram_options!))
    default: break
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetrics__MetricControl> {
    let c = arena.allocate(Inference__ModelMetrics__MetricControl.self)
    inference__model_metrics__metric_control__init(c)
    c.pointee.metric_identifier = metricIdentifier?.makeC(arena)
    switch metricOptions {
    case .histogramOptions(let value):
      c.pointee.metric_options_case = INFERENCE__MODEL_METRICS__METRIC_CONTROL__METRIC_OPTIONS_HISTOGRAM_OPTIONS
      c.pointee.histogram_options = value.makeC(arena)
    case nil: break
    }
    return c
  }
}

extension Inference.ModelMetrics.MetricControl.MetricIdentifier: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelMetrics__MetricControl__MetricIdentifier>) throws(ProtobufError) {
    self.init()
    family = try utf8Text(c.pointee.family!)
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetrics__MetricControl__MetricIdentifier> {
    let c = arena.allocate(Inference__ModelMetrics__MetricControl__MetricIdentifier.self)
    inference__model_metrics__metric_control__metric_identifier__init(c)
    c.pointee.family = arena.text(family)
    return c
  }
}

extension Inference.ModelMetrics.MetricControl.HistogramOptions: CValue {
  init(c: UnsafeMutablePointer<Inference__ModelMetrics__MetricControl__HistogramOptions>) throws(ProtobufError) {
    self.init()
    buckets.reserveCapacity(c.pointee.n_buckets)
    for i in 0..<c.pointee.n_buckets {
      buckets.append(c.pointee.buckets[i])
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelMetrics__MetricControl__HistogramOptions> {
    let c = arena.allocate(Inference__ModelMetrics__MetricControl__HistogramOptions.self)
    inference__model_metrics__metric_control__histogram_options__init(c)
    c.pointee.n_buckets = buckets.count
    c.pointee.buckets = arena.array(buckets) { $0 }
    return c
  }
}

extension Inference.ModelConfig: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Inference__ModelConfig>? {
    inference__model_config__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Inference__ModelConfig>) throws(ProtobufError) {
    self.init()
    name = try utf8Text(c.pointee.name!)
    platform = try utf8Text(c.pointee.platform!)
    backend = try utf8Text(c.pointee.backend!)
    runtime = try utf8Text(c.pointee.runtime!)
    if let value = c.pointee.version_policy {
      versionPolicy = try Inference.ModelVersionPolicy(c: value)
    }
    maxBatchSize = c.pointee.max_batch_size
    input.reserveCapacity(c.pointee.n_input)
    for i in 0..<c.pointee.n_input {
      input.append(try Inference.ModelInput(c: c.pointee.input[i]!))
    }
    output.reserveCapacity(c.pointee.n_output)
    for i in 0..<c.pointee.n_output {
      output.append(try Inference.ModelOutput(c: c.pointee.output[i]!))
    }
    batchInput.reserveCapacity(c.pointee.n_batch_input)
    for i in 0..<c.pointee.n_batch_input {
      batchInput.append(try Inference.BatchInput(c: c.pointee.batch_input[i]!))
    }
    batchOutput.reserveCapacity(c.pointee.n_batch_output)
    for i in 0..<c.pointee.n_batch_output {
      batchOutput.append(try Inference.BatchOutput(c: c.pointee.batch_output[i]!))
    }
    if let value = c.pointee.optimization {
      optimization = try Inference.ModelOptimizationPolicy(c: value)
    }
    switch c.pointee.scheduling_choice_case {
    case INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING:
      schedulingChoice = .dynamicBatching(try Inference.ModelDynamicBatching(c: c.pointee.dynamic_batching!))
    case INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_SEQUENCE_BATCHING:
      schedulingChoice = .sequenceBatching(try Inference.ModelSequenceBatching(c: c.pointee.sequence_batching!))
    case INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_ENSEMBLE_SCHEDULING:
      schedulingChoice = .ensembleScheduling(try Inference.ModelEnsembling(c: c.pointee.ensemble_scheduling!))
    default: break
    }
    instanceGroup.reserveCapacity(c.pointee.n_instance_group)
    for i in 0..<c.pointee.n_instance_group {
      instanceGroup.append(try Inference.ModelInstanceGroup(c: c.pointee.instance_group[i]!))
    }
    defaultModelFilename = try utf8Text(c.pointee.default_model_filename!)
    for i in 0..<c.pointee.n_cc_model_filenames {
      let entry = c.pointee.cc_model_filenames[i]!
      ccModelFilenames[try utf8Text(entry.pointee.key!)] = try utf8Text(entry.pointee.value!)
    }
    for i in 0..<c.pointee.n_metric_tags {
      let entry = c.pointee.metric_tags[i]!
      metricTags[try utf8Text(entry.pointee.key!)] = try utf8Text(entry.pointee.value!)
    }
    for i in 0..<c.pointee.n_parameters {
      let entry = c.pointee.parameters[i]!
      guard let value = entry.pointee.value else { continue }
      parameters[try utf8Text(entry.pointee.key!)] = try Inference.ModelParameter(c: value)
    }
    modelWarmup.reserveCapacity(c.pointee.n_model_warmup)
    for i in 0..<c.pointee.n_model_warmup {
      modelWarmup.append(try Inference.ModelWarmup(c: c.pointee.model_warmup[i]!))
    }
    if let value = c.pointee.model_operations {
      modelOperations = try Inference.ModelOperations(c: value)
    }
    if let value = c.pointee.model_transaction_policy {
      modelTransactionPolicy = try Inference.ModelTransactionPolicy(c: value)
    }
    if let value = c.pointee.model_repository_agents {
      modelRepositoryAgents = try Inference.ModelRepositoryAgents(c: value)
    }
    if let value = c.pointee.response_cache {
      responseCache = try Inference.ModelResponseCache(c: value)
    }
    if let value = c.pointee.model_metrics {
      modelMetrics = try Inference.ModelMetrics(c: value)
    }
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Inference__ModelConfig> {
    let c = arena.allocate(Inference__ModelConfig.self)
    inference__model_config__init(c)
    c.pointee.name = arena.text(name)
    c.pointee.platform = arena.text(platform)
    c.pointee.backend = arena.text(backend)
    c.pointee.runtime = arena.text(runtime)
    c.pointee.version_policy = versionPolicy?.makeC(arena)
    c.pointee.max_batch_size = maxBatchSize
    c.pointee.n_input = input.count
    c.pointee.input = arena.array(input) { $0.makeC(arena) }
    c.pointee.n_output = output.count
    c.pointee.output = arena.array(output) { $0.makeC(arena) }
    c.pointee.n_batch_input = batchInput.count
    c.pointee.batch_input = arena.array(batchInput) { $0.makeC(arena) }
    c.pointee.n_batch_output = batchOutput.count
    c.pointee.batch_output = arena.array(batchOutput) { $0.makeC(arena) }
    c.pointee.optimization = optimization?.makeC(arena)
    switch schedulingChoice {
    case .dynamicBatching(let value):
      c.pointee.scheduling_choice_case = INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_DYNAMIC_BATCHING
      c.pointee.dynamic_batching = value.makeC(arena)
    case .sequenceBatching(let value):
      c.pointee.scheduling_choice_case = INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_SEQUENCE_BATCHING
      c.pointee.sequence_batching = value.makeC(arena)
    case .ensembleScheduling(let value):
      c.pointee.scheduling_choice_case = INFERENCE__MODEL_CONFIG__SCHEDULING_CHOICE_ENSEMBLE_SCHEDULING
      c.pointee.ensemble_scheduling = value.makeC(arena)
    case nil: break
    }
    c.pointee.n_instance_group = instanceGroup.count
    c.pointee.instance_group = arena.array(instanceGroup) { $0.makeC(arena) }
    c.pointee.default_model_filename = arena.text(defaultModelFilename)
    c.pointee.n_cc_model_filenames = ccModelFilenames.count
    c.pointee.cc_model_filenames = arena.array(ccModelFilenames.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelConfig__CcModelFilenamesEntry.self)
      inference__model_config__cc_model_filenames_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = arena.text(pair.value)
      return entry
    }
    c.pointee.n_metric_tags = metricTags.count
    c.pointee.metric_tags = arena.array(metricTags.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelConfig__MetricTagsEntry.self)
      inference__model_config__metric_tags_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = arena.text(pair.value)
      return entry
    }
    c.pointee.n_parameters = parameters.count
    c.pointee.parameters = arena.array(parameters.sorted { $0.key < $1.key }) { pair in
      let entry = arena.allocate(Inference__ModelConfig__ParametersEntry.self)
      inference__model_config__parameters_entry__init(entry)
      entry.pointee.key = arena.text(pair.key)
      entry.pointee.value = pair.value.makeC(arena)
      return entry
    }
    c.pointee.n_model_warmup = modelWarmup.count
    c.pointee.model_warmup = arena.array(modelWarmup) { $0.makeC(arena) }
    c.pointee.model_operations = modelOperations?.makeC(arena)
    c.pointee.model_transaction_policy = modelTransactionPolicy?.makeC(arena)
    c.pointee.model_repository_agents = modelRepositoryAgents?.makeC(arena)
    c.pointee.response_cache = responseCache?.makeC(arena)
    c.pointee.model_metrics = modelMetrics?.makeC(arena)
    return c
  }
}
