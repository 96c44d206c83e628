/// The published ways to train on a long tail, each with its source's hyperparameters. None was searched for
/// here; exp-dior-table says how they are known.
///
/// All train the same network from the same start for the same number of steps; those that refine the last layer do so
/// afterwards, as their sources do. A method says how the classifier is trained, not on what: any of them can be
/// applied to an `Expansion`, such as TGN's.
public enum LongTailMethod: String, Codable, CaseIterable, Sendable {
  /// Nothing is done about the tail.
  case crossEntropy = "cross-entropy"
  /// Every class is drawn equally often (Shen et al. 2016, "Relay Backpropagation"; q = 0 in Kang et al. 2020).
  case classBalancedSampling = "class-balanced-sampling"
  /// Classes are drawn in proportion to √n (Mahajan et al. 2018, "Exploring the Limits of Weakly Supervised
  /// Pretraining"; q = ½ in Kang et al. 2020).
  case squareRootSampling = "square-root-sampling"
  /// Losses weighted by one over the effective number, β = 0.9999 (Cui et al. 2019, the value for their CIFAR-10).
  case classBalancedLoss = "class-balanced-loss"
  /// γ = 2 (Lin et al. 2017). Where it stands as a baseline for long tails γ = 1 is found too, as in the released
  /// `cifar_train.py` of LDAM.
  case focal
  /// Cosines times 30, a largest margin of 0.5, classes weighted (β = 0.9999) in the last fifth of the steps, as after
  /// epoch 160 of 200 (Cao et al. 2019; all four as in their released `cifar_train.py`). The learning rate falls as
  /// everyone's.
  case ldamDRW = "ldam-drw"
  /// Ren et al. 2020, the loss alone. On an expanded set the counts are those of the set that the batches are drawn
  /// from, generated images included. The source's n are the frequencies of the samples that the loss sees, from which
  /// its equation 3 follows by Bayes' rule; it finds that a prior of other counts than those sampled, as with
  /// class-balanced batches, over-balances. TGN's images flatten the set, so this prior is flatter than the real
  /// images' and little is left for it to correct.
  case balancedSoftmax = "balanced-softmax"
  /// Cross-entropy, and τ = 1 times the logarithm of the class shares taken off the logits afterwards (Menon et al.
  /// 2021, their post-hoc form, the mode and the τ that their released `main.py` starts with; as a loss with τ = 1 it
  /// would be balanced softmax).
  case logitAdjustment = "logit-adjustment"
  /// The last layer retrained on class-balanced batches for a ninth of the steps more, as 10 epochs after 90 (Kang et
  /// al. 2020, ImageNet-LT).
  case classifierRetraining = "crt"
  /// Class weights divided by their length, no bias, τ = 1. The source looks for a τ on a validation set, which a tail
  /// of ten images per class cannot spare (Kang et al. 2020; the released `tau_norm.py` tries 0 to 2).
  case tauNormalization = "tau-normalization"
  /// A learned factor per class, for an eighteenth of the steps more, as 5 epochs after 90 (Kang et al. 2020,
  /// ImageNet-LT).
  case weightScaling = "lws"
  /// α = 0.2 (Zhang et al. 2018, ImageNet).
  case mixup
  /// α = 1, every batch (Yun et al. 2019; `--beta 1.0 --cutmix_prob 1.0` in the released command for ImageNet).
  case cutMix = "cutmix"
  /// Five neighbours (Chawla et al. 2002), on embeddings: the last layer is retrained as in `classifierRetraining`, on
  /// classes filled up instead of repeated.
  case featureSMOTE = "feature-smote"
  /// Turns and mirrorings, which keep a view from above what it is, and shifts by up to an eighth of the side, as the
  /// four of 32 pixels of He et al. (2016, "Deep Residual Learning", CIFAR-10).
  case geometricAugmentation = "geometric-augmentation"

  /// As tables name it.
  public var title: String {
    switch self {
    case .crossEntropy: "cross-entropy"
    case .classBalancedSampling: "class-balanced sampling"
    case .squareRootSampling: "square-root sampling"
    case .classBalancedLoss: "class-balanced loss"
    case .focal: "focal loss"
    case .ldamDRW: "LDAM-DRW"
    case .balancedSoftmax: "balanced softmax"
    case .logitAdjustment: "logit adjustment"
    case .classifierRetraining: "cRT"
    case .tauNormalization: "τ-normalization"
    case .weightScaling: "LWS"
    case .mixup: "mixup"
    case .cutMix: "CutMix"
    case .featureSMOTE: "feature-space SMOTE"
    case .geometricAugmentation: "geometric augmentation"
    }
  }

  /// Authors and year of the source, and its hyperparameters.
  public var source: (authors: String, hyperparameters: String) {
    switch self {
    case .crossEntropy: ("–", "–")
    case .classBalancedSampling: ("Shen et al. 2016", "–")
    case .squareRootSampling: ("Mahajan et al. 2018", "–")
    case .classBalancedLoss: ("Cui et al. 2019", "β = 0.9999")
    case .focal: ("Lin et al. 2017", "γ = 2")
    case .ldamDRW: ("Cao et al. 2019", "largest margin 0.5, scale 30, β = 0.9999 in the last fifth")
    case .balancedSoftmax: ("Ren et al. 2020", "–")
    case .logitAdjustment: ("Menon et al. 2021", "post-hoc, τ = 1")
    case .classifierRetraining: ("Kang et al. 2020", "last layer anew, 1/9 of the steps more")
    case .tauNormalization: ("Kang et al. 2020", "τ = 1")
    case .weightScaling: ("Kang et al. 2020", "1/18 of the steps more")
    case .mixup: ("Zhang et al. 2018", "α = 0.2")
    case .cutMix: ("Yun et al. 2019", "α = 1, every batch")
    case .featureSMOTE: ("Chawla et al. 2002", "5 neighbours; last layer as cRT's")
    case .geometricAugmentation: ("He et al. 2016", "8 turns and mirrorings, shifts up to 1/8")
    }
  }

  /// How the classifier is trained.
  public var objective: ClassifierObjective {
    var objective = ClassifierObjective()
    switch self {
    case .classBalancedSampling: objective.sampling = .classBalanced
    case .squareRootSampling: objective.sampling = .squareRoot
    case .classBalancedLoss: objective.loss = .classBalanced(beta: 0.9999)
    case .focal: objective.loss = .focal(gamma: 2)
    case .ldamDRW:
      objective.loss = .labelAwareMargin(largest: 0.5, scale: 30, beta: 0.9999, weightedFrom: 0.8)
      objective.lastLayer = .cosine(scale: 30)
    case .balancedSoftmax: objective.loss = .balancedSoftmax
    case .mixup: objective.mixing = .mixup(alpha: 0.2)
    case .cutMix: objective.mixing = .cutMix(alpha: 1)
    case .geometricAugmentation:
      objective.mixing = .geometric(.moves)
    case .crossEntropy, .logitAdjustment, .classifierRetraining, .tauNormalization, .weightScaling, .featureSMOTE: break
    }
    return objective
  }

  /// What is done to the last layer of the trained classifier.
  public var refinement: LastLayerRefinement? {
    switch self {
    case .logitAdjustment: .logitAdjustment(tau: 1)
    case .tauNormalization: .tauNormalization(tau: 1)
    case .classifierRetraining: .training(LastLayerTraining(.newLayer, share: 10.0 / 90))
    case .weightScaling: .training(LastLayerTraining(.weightScaling, share: 5.0 / 90))
    case .featureSMOTE: .training(LastLayerTraining(.syntheticFeatures(neighbours: 5), share: 10.0 / 90))
    default: nil
    }
  }
}
